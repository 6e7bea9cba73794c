"""What a network gives: one tensor, or a tuple of tensors whose first axis is the batch."""

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ['Outputs', 'all_finite', 'largest_difference', 'map_outputs']

Outputs = Tensor | tuple[Tensor, ...]
"""Outputs of a head: (B, C, H, W), or several tensors whose first axis is the batch."""


def map_outputs(function: Callable[[Tensor], Tensor], outputs: Outputs) -> Outputs:
    """Apply a function to each tensor of a network's outputs.

    Args:
        function: of one tensor (B, ...).
        outputs: (B, C, H, W), or several tensors whose first axis is the batch.

    Returns:
        The same structure.

    >>> map_outputs(lambda x: x[:1], (torch.zeros(3), torch.ones(3)))
    (tensor([0.]), tensor([1.]))
    """
    if isinstance(outputs, Tensor):
        return function(outputs)
    return tuple(function(x) for x in outputs)


def all_finite(outputs: Outputs) -> Tensor:
    """Tell for each image whether all that the network gives for it are finite numbers, in one reading of them.

    Args:
        outputs: (B, C, H, W), or several tensors whose first axis is the batch.

    Returns:
        (B,) boolean, on the outputs' device.

    >>> all_finite(torch.tensor([[1.0, 2.0], [1.0, torch.nan]]))
    tensor([ True, False])
    """
    parts = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    # A sum of finite float32 numbers is finite, unless they are of no use either.
    sums = [part.flatten(1).sum(1, dtype=torch.promote_types(part.dtype, torch.float32)) for part in parts]
    return torch.isfinite(torch.stack(sums)).all(0)


def largest_difference(outputs: Outputs, expected: Outputs) -> float:
    """Largest difference between two networks' outputs, as a share of the largest value expected.

    Args:
        outputs: (B, C, H, W), or several tensors.
        expected: the same structure and shapes.

    >>> largest_difference(torch.tensor([1.0, 4.0]), torch.tensor([2.0, 4.0]))
    0.25
    """
    pairs = [(outputs, expected)] if isinstance(outputs, Tensor) else list(zip(outputs, expected, strict=True))
    return max(float((a - b).abs().max() / b.abs().max().clamp(min=1e-12)) for a, b in pairs)
