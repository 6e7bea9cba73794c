"""How far off each keypoint of a frame may be, and which are seen at all."""

import numpy as np

from ...structures.poses import Poses
from ...utils.errors import InputError

__all__ = ['NoiseModel', 'check_positive', 'person_sizes']


def person_sizes(poses: Poses) -> np.ndarray:
    """Return (N,) how large people are: the square root of the area of their boxes, at least a pixel.

    >>> person_sizes(Poses(np.zeros((1, 2, 2)), np.ones((1, 2)), [[0, 0, 4, 9]])).tolist()
    [6.0]
    """
    sides = np.nan_to_num(poses.boxes[:, 2:] - poses.boxes[:, :2]).clip(1).astype(np.float64)
    return np.sqrt(sides.prod(1))


def check_positive(kind: str, **values: float) -> None:
    """Refuse settings that are no positive numbers.

    Raises:
        InputError: the first of them.

    >>> check_positive('OneEuroSmoother', beta=0.1)
    """
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise InputError(f'{kind}: {name} must be a number above 0, got {value}')


class NoiseModel:
    """Says how far off each keypoint may be.

    Where the codec knows the shape of a peak, the covariance is that shape, scaled; else it is a share of the person's
    size. Both grow where the score is low.

    Args:
        keypoint_thr: keypoints with lower scores count as not seen.
        covariance_scale: of the peaks' shapes. They say how wide a heatmap's peak is, not how far off the keypoint: a
            peak of DARK's recipes is some 8 pixels of the input wide, while keypoints tremble by one or two.
            Covariances of a calibrated network (poses with probabilities) are taken as they are.
        share: of the person's size, for the standard deviation where nothing is known of a peak.
        floor: the same, which is added to what the peak says.
    """

    def __init__(
        self, *, keypoint_thr: float = 0.2, covariance_scale: float = 0.04, share: float = 0.015, floor: float = 0.004
    ) -> None:
        check_positive(type(self).__name__, covariance_scale=covariance_scale, share=share, floor=floor)
        self.keypoint_thr, self.covariance_scale, self.share, self.floor = keypoint_thr, covariance_scale, share, floor

    def seen(self, poses: Poses) -> np.ndarray:
        """Return (N, K) which keypoints are seen."""
        return (poses.keypoint_scores >= self.keypoint_thr) & np.isfinite(poses.keypoints).all(-1)

    def covariances(self, poses: Poses) -> np.ndarray:
        """Return (N, K, 2, 2) square pixels of how far off the keypoints may be."""
        sizes = person_sizes(poses)[:, None, None, None]
        plain = np.eye(2) * (self.share * sizes) ** 2
        known = np.broadcast_to(plain, (*poses.keypoint_scores.shape, 2, 2))
        if poses.covariances is not None:
            scale = self.covariance_scale if poses.probabilities is None else 1.0
            shapes = scale * poses.covariances.astype(np.float64) + np.eye(2) * (self.floor * sizes) ** 2
            usable = np.isfinite(shapes).all((-2, -1)) & (np.linalg.det(np.nan_to_num(shapes)) > 0)
            known = np.where(usable[..., None, None], shapes, known)
        sure = np.clip(np.nan_to_num(poses.keypoint_scores), 0.1, 1.0)[..., None, None]
        return known / sure**2
