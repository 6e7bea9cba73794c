"""What a pose estimator finds in a batch of crops, as tensors."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ['Points']


class Points(NamedTuple):
    """The keypoints of a batch of crops, on the device they were computed on.

    Attributes:
        keypoints: (B, K, 2) float32 x, y in pixels of the network's input, integer = pixel centre.
        scores: (B, K) float32, heights of the heatmaps' peaks.
        covariances: (B, K, 2, 2) float32 shape of each peak in square pixels of the network's input; NaN where the
            peak has none; None where the codec does not know it. Not the covariance of the error:
            `calibrated` makes it that.
        heatmaps: (B, K, H, W) float32, the first map of each keypoint, kept with ``test_cfg.output_heatmaps`` only,
            else None.
    """

    keypoints: 'Tensor'
    scores: 'Tensor'
    covariances: 'Tensor | None' = None
    heatmaps: 'Tensor | None' = None
