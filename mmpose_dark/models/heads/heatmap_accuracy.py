"""Accuracy of heatmaps while training, without a copy to the host."""

import torch

from ...codecs import heatmap_peaks

__all__ = ['heatmap_accuracy']


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
