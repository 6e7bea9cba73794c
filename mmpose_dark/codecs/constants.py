"""Small tensors of fixed numbers, made once for each device."""

import functools

import torch
from torch import Tensor

__all__ = ['constant']


def constant(values: tuple, *, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return ``values`` as a tensor that is shared between calls; it must not be written to.

    Sending a few numbers to a GPU makes the program wait for everything queued there; doing it once
    keeps decoding and encoding from ever waiting.

    Args:
        values: numbers, or nested tuples of them.
        dtype: type of the tensor.
        device: where it lies.

    >>> constant((1.0, 2.0), dtype=torch.float32, device=torch.device('cpu'))
    tensor([1., 2.])
    """
    if torch.compiler.is_compiling():  # becomes a constant of the graph
        return torch.tensor(values, dtype=dtype, device=device)
    return _cached(values, dtype, device)


@functools.lru_cache(maxsize=256)
@torch.inference_mode(False)  # else a first call in inference mode would leave an inference tensor
def _cached(values: tuple, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.tensor(values, dtype=dtype, device=device)
