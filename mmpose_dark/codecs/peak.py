"""Where each heatmap is highest."""

import torch
from torch import Tensor

__all__ = ['heatmap_peaks']


@torch.no_grad()
def heatmap_peaks(heatmaps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Find the highest pixel of each heatmap, the first one in reading order if several are equal.

    Args:
        heatmaps: (..., H, W), any float type.

    Returns:
        columns x (...) int64 in [0, W), rows y (...) int64 in [0, H), and values (...) in the type of
        ``heatmaps``. A map that holds NaN gives the place of one and NaN as its value.

    >>> heatmap_peaks(torch.tensor([[[0.0, 0.2], [0.9, 0.1]]]))
    (tensor([0]), tensor([1]), tensor([0.9000]))
    """
    values, flat = heatmaps.flatten(-2).max(-1)
    width = heatmaps.shape[-1]
    return flat % width, torch.div(flat, width, rounding_mode='floor'), values
