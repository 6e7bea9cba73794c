"""How well the people of a frame fit tracks: OKS that knows how uncertain a prediction is, box overlap, and gates."""

import numpy as np

from ...evaluation.functional.box_iou import box_iou
from .motion import Tracks, predicted_boxes
from .observed import Observed

__all__ = ['comeback_similarity', 'going_on_similarity', 'uncertain_oks']

_FEW = 3.0  # keypoints; with as many in common OKS and box count half of what they do with all


def uncertain_oks(tracks: Tracks, seen: Observed, sigmas: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Object keypoint similarity with predicted keypoints, whose variances widen the Gaussian of each.

    ``mean_k exp(-d^2 / (2 (b + v)))`` with b = area (2 sigma)^2 as in `oks`, and v the variances of prediction and
    observation together.

    Args:
        tracks: T, predicted.
        seen: N people.
        sigmas: (K,) spread of each keypoint.

    Returns:
        Similarity (T, N) in 0..1; sharpness (T, N) in 0..1, ``mean_k (b / (b + v))^(1/2)``, 1 for tracks whose place is
        known; both 0 where no keypoint is common; and the number (T, N) of common keypoints.
    """
    common = np.isfinite(tracks.shape_var)[:, None] & seen.seen[None]
    place = tracks.centre[:, None] + tracks.shape
    square = ((place[:, None] - seen.points[None]) ** 2).sum(-1)
    area = tracks.size[:, None] * seen.sizes[None]
    base = area[..., None] * (2 * sigmas) ** 2
    variance = np.where(np.isfinite(tracks.shape_var), tracks.shape_var, 0.0) + tracks.spread[:, :1, 0]
    wide = base + variance[:, None] + seen.noise[None]
    count = common.sum(-1)
    near, sharp = np.exp(-square / (2 * wide)), np.sqrt(base / wide)
    shared = common / np.maximum(count, 1)[..., None]
    return (near * shared).sum(-1), (sharp * shared).sum(-1), count


def going_on_similarity(
    tracks: Tracks,
    seen: Observed,
    sigmas: np.ndarray,
    *,
    oks_weight: float,
    box_weight: float,
    gate: float,
    least: float,
) -> np.ndarray:
    """Return how well people go on with tracks: a weighted mean of OKS and box overlap, 0 outside the gates.

    The less is known of where a track is, the less its boxes count, and the less the whole, so that somebody near two
    tracks goes to the one that is known better.

    Args:
        tracks: T, predicted.
        seen: N people.
        sigmas: (K,) spread of each keypoint.
        oks_weight: of the OKS; it counts less the fewer keypoints are common.
        box_weight: of the overlap of the boxes.
        gate: standard deviations that a box may be from where it is expected.
        least: of the weighted mean.

    Returns:
        (T, N) in 0..1.
    """
    similarity, sharp, count = uncertain_oks(tracks, seen, sigmas)
    sharp = np.where(count > 0, sharp, _box_sharpness(tracks))
    by_keypoints = oks_weight * count / (count + _FEW)
    by_boxes = box_weight * sharp
    total = by_keypoints + by_boxes
    overlap = box_iou(predicted_boxes(tracks), seen.boxes)
    mixed = by_keypoints * similarity + by_boxes * overlap
    mixed = np.divide(mixed, total, out=np.zeros_like(total), where=total > 0)
    return np.where((mixed >= least) & _within(tracks, seen, gate), mixed * sharp, 0.0)


def _box_sharpness(tracks: Tracks) -> np.ndarray:
    """(T, 1) what the sharpness is for boxes alone."""
    own = (0.15 * tracks.size) ** 2
    return np.sqrt(own / (own + tracks.spread[:, 0, 0]))[:, None]


def comeback_similarity(tracks: Tracks, seen: Observed, *, gate: float) -> np.ndarray:
    """Return how well people fit lost tracks by place and size alone: exp(-d^2 / 2) of the Mahalanobis distance.

    Args:
        tracks: T, predicted.
        seen: N people.
        gate: standard deviations beyond which it is 0.

    Returns:
        (T, N) in 0..1.
    """
    distance = _place_distance(tracks, seen) + _size_distance(tracks, seen)
    return np.where(distance <= gate**2, np.exp(-distance / 2), 0.0)


def _within(tracks: Tracks, seen: Observed, gate: float) -> np.ndarray:
    place, size = _place_distance(tracks, seen), _size_distance(tracks, seen)
    return (place <= gate**2) & (size <= gate**2) & seen.usable[None]


def _place_distance(tracks: Tracks, seen: Observed) -> np.ndarray:
    """(T, N) squared distance of the box's middle from the expected one, in variances."""
    boxes = predicted_boxes(tracks)
    square = (((boxes[:, None, :2] + boxes[:, None, 2:]) / 2 - seen.centres[None]) ** 2).sum(-1)
    return square / (tracks.spread[:, :1, 0] + (0.3 * tracks.size[:, None]) ** 2)


def _size_distance(tracks: Tracks, seen: Observed) -> np.ndarray:
    """(T, N) squared difference of the logarithms of the sizes, in variances; boxes are often cut."""
    return (tracks.log_size[:, None] - np.log(seen.sizes)[None]) ** 2 / (tracks.size_var[:, None] + 0.25**2)
