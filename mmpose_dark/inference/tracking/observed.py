"""The people of a frame as trackers need them: which keypoints count, how large people are, how sure each place is."""

from dataclasses import dataclass

import numpy as np

from ...annotations.areas import area_of_box
from ...evaluation.functional.oks import COCO_SIGMAS
from ...structures.poses import Poses
from ...utils.errors import InputError

__all__ = ['Observed', 'observe_people', 'sigmas_of']

_TYPICAL_SIGMA = 0.08  # of keypoint sets that come without sigmas: COCO's for shoulders


@dataclass(frozen=True)
class Observed:
    """N people of a frame.

    Attributes:
        points: (N, K, 2) pixels; 0 where not seen.
        seen: (N, K) boolean, whether a keypoint counts.
        noise: (N, K) variance of each coordinate of a keypoint, square pixels.
        boxes: (N, 4) left, top, right, bottom, pixels, finite.
        sizes: (N,) pixels, the square root of a person's area.
        usable: (N,) boolean; others have neither a box nor keypoints that are numbers.
    """

    points: np.ndarray
    seen: np.ndarray
    noise: np.ndarray
    boxes: np.ndarray
    sizes: np.ndarray
    usable: np.ndarray

    def __len__(self) -> int:
        return len(self.points)

    @property
    def centres(self) -> np.ndarray:
        """(N, 2) middles of the boxes, pixels."""
        return (self.boxes[:, :2] + self.boxes[:, 2:]) / 2


def sigmas_of(poses: Poses, sigmas: np.ndarray | None = None) -> np.ndarray:
    """Return the spread (K,) of each keypoint as OKS needs it.

    It is what is given, else what the keypoints' definition says, else COCO's for 17 keypoints; 0.08, that of a
    shoulder, for keypoints of which nothing is known.

    Args:
        poses: of which K is taken.
        sigmas: (K,) given by the user.

    Raises:
        InputError: ``sigmas`` of another number of keypoints.

    >>> sigmas_of(Poses.empty(17))[0].item(), sigmas_of(Poses.empty(3)).tolist()
    (0.026, [0.08, 0.08, 0.08])
    """
    count = poses.num_keypoints
    if sigmas is None:
        sigmas = (poses.keypoint_set or {}).get('sigmas')
    if sigmas is None:
        sigmas = COCO_SIGMAS if count == len(COCO_SIGMAS) else np.full(count, _TYPICAL_SIGMA)
    sigmas = np.asarray(sigmas, np.float64)
    if sigmas.shape != (count,):
        raise InputError(f'tracker: sigmas of the shape {sigmas.shape} for {count} keypoints; give one a keypoint')
    return sigmas


def observe_people(poses: Poses, sigmas: np.ndarray, *, keypoint_thr: float) -> Observed:
    """Return the people of a frame as trackers need them.

    A box that is not finite or has no area is replaced by the bounds of the keypoints.

    Args:
        poses: N people; not modified.
        sigmas: (K,) spread of each keypoint; with the size it is the noise of those without covariance.
        keypoint_thr: a keypoint counts with a score above this, if it is finite.

    >>> one = Poses([[[1, 2], [np.nan, 0]]], [[0.9, 0.9]], [[0, 0, 4, 4]])
    >>> found = observe_people(one, np.array([0.1, 0.1]), keypoint_thr=0.3)
    >>> found.seen.tolist(), found.sizes.round(2).tolist()
    ([[True, False]], [2.91])
    """
    points = poses.keypoints.astype(np.float64)
    finite = np.isfinite(points).all(-1)
    seen = finite & (poses.keypoint_scores > keypoint_thr)
    points = np.where(finite[..., None], points, 0.0)
    boxes = _usable_boxes(poses.boxes.astype(np.float64), points, np.where(seen.any(1)[:, None], seen, finite))
    usable = np.isfinite(boxes).all(1)
    boxes = np.where(usable[:, None], boxes, 0.0)
    wide, high = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0).T
    sizes = np.sqrt(area_of_box(wide, high))
    noise = (sigmas * sizes[:, None]) ** 2
    if poses.covariances is not None:
        known = np.trace(poses.covariances.astype(np.float64), axis1=2, axis2=3) / 2
        noise = np.where(np.isfinite(known) & (known > 0), np.nan_to_num(known), noise)
    return Observed(points, seen, noise, boxes, sizes, usable)


def _usable_boxes(boxes: np.ndarray, points: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """``boxes`` (N, 4), where they are no boxes the bounds of the counted points; NaN where there are none."""
    good = np.isfinite(boxes).all(1) & (boxes[:, 2:] > boxes[:, :2]).all(1)
    if good.all():
        return boxes
    low = np.where(counted[..., None], points, np.inf).min(1, initial=np.inf)
    high = np.where(counted[..., None], points, -np.inf).max(1, initial=-np.inf)
    bounds = np.concatenate([low, high], 1)
    return np.where(good[:, None], boxes, np.where(np.isfinite(bounds), bounds, np.nan))
