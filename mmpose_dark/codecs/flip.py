"""Mirroring heatmaps for the flip test."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..utils.errors import InputError
from .constants import constant

__all__ = ['flip_heatmaps']


def flip_heatmaps(maps: Tensor, flip_indices: Sequence[int], *, shift_heatmap: bool = False) -> Tensor:
    """Bring the heatmaps of mirrored images back: mirror them and swap left and right keypoints.

    Args:
        maps: (B, K, H, W) of mirrored images; not modified.
        flip_indices: for each of the K keypoints the number of its mirror image.
        shift_heatmap: shift the result by one pixel to the right, the first column stays. It makes up for a
            mirrored feature map being misplaced by up to a stride minus one input pixels (the toolbox zoo's
            recipes do this; the DARK paper's own code does not).

    Returns:
        (B, K, H, W).

    Raises:
        InputError: the number of indices is not K.

    >>> flip_heatmaps(torch.tensor([[[[0.0, 1.0, 2.0]], [[3.0, 4.0, 5.0]]]]), (1, 0))
    tensor([[[[5., 4., 3.]],
    <BLANKLINE>
             [[2., 1., 0.]]]])
    """
    if len(flip_indices) != maps.shape[1]:
        raise InputError(
            f'flip_heatmaps: {maps.shape[1]} heatmaps but flip_indices of {len(flip_indices)} keypoints; '
            "the head's out_channels must be the number of keypoints of the dataset"
        )
    order = constant(tuple(int(i) for i in flip_indices), dtype=torch.int64, device=maps.device)
    flipped = maps.flip(-1)[:, order]
    if shift_heatmap:
        flipped = torch.cat([flipped[..., :1], flipped[..., :-1]], dim=-1)
    return flipped
