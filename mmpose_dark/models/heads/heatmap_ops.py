"""Pure functions of heatmaps that need no host copy: mirroring and training accuracy."""

from collections.abc import Sequence

import torch

from mmpose_dark.codecs.peak import heatmap_peaks

from ...utils.errors import InputError

__all__ = ['FLIP_MODES', 'flip_heatmaps', 'heatmap_accuracy']

FLIP_MODES = ('heatmap',)


def flip_heatmaps(
    heatmaps: torch.Tensor, flip_indices: Sequence[int] | torch.Tensor, *, shift_heatmap: bool = False
) -> torch.Tensor:
    """Bring the heatmaps of mirrored images back: mirror them and swap left and right keypoints.

    Args:
        heatmaps: (B, K, H, W) of mirrored images; not modified.
        flip_indices: for each of the K keypoints the number of its mirror image.
        shift_heatmap: shift the result by one pixel to the right, the first column stays. It makes up for a
            mirrored feature map being misplaced by up to a stride minus one input pixels (the toolbox zoo's
            recipes do this; the DARK paper's own code does not).

    Returns:
        (B, K, H, W).

    Raises:
        ValueError: the number of indices is not K.

    >>> flip_heatmaps(torch.tensor([[[[0.0, 1.0, 2.0]], [[3.0, 4.0, 5.0]]]]), (1, 0))
    tensor([[[[5., 4., 3.]],
    <BLANKLINE>
             [[2., 1., 0.]]]])
    """
    if len(flip_indices) != heatmaps.shape[1]:
        raise InputError(
            f'flip_heatmaps: {heatmaps.shape[1]} heatmaps but flip_indices of {len(flip_indices)} keypoints; '
            "the head's out_channels must be the number of keypoints of the data set"
        )
    flipped = heatmaps.flip(-1)[:, torch.as_tensor(flip_indices, device=heatmaps.device)]
    if shift_heatmap:
        flipped = torch.cat([flipped[..., :1], flipped[..., :-1]], dim=-1)
    return flipped


def heatmap_accuracy(
    output: torch.Tensor, target: torch.Tensor, weights: torch.Tensor, *, thr: float = 0.05
) -> torch.Tensor:
    """Share of keypoints whose peak lies near the target's: PCK normalised with the heatmap's size.

    As mmpose's ``pose_pck_accuracy``: the mean over keypoints that occur, of the share of their occurrences with a
    distance below ``thr``, where x is divided by the width and y by the height (mmpose has the two swapped).

    Args:
        output: heatmaps (B, K, H, W) of the network.
        target: heatmaps (B, K, H, W).
        weights: (B, K); keypoints of weight zero do not count.
        thr: largest normalised distance of a hit.

    Returns:
        Scalar on the device of ``output``; 0 when nothing is visible.

    >>> target = torch.eye(8).reshape(1, 1, 8, 8) * torch.arange(8)
    >>> heatmap_accuracy(target, target, torch.ones(1, 1))
    tensor(1.)
    """
    peaks, score = heatmap_peaks(output.detach())
    true_peaks, _ = heatmap_peaks(target)
    height, width = output.shape[-2:]
    offset = peaks - true_peaks
    distance = torch.hypot(offset[..., 0] / width, offset[..., 1] / height)
    valid = weights > 0
    hits = (distance < thr) & valid & (score > 0)
    count = valid.sum(dim=0)
    accuracy = hits.sum(dim=0) / count.clamp(min=1)
    return accuracy.sum() / (count > 0).sum().clamp(min=1)
