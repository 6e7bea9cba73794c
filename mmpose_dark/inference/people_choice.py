"""Which boxes the network sees, and which people are kept."""

from collections.abc import Sequence

import cv2
import numpy as np

from ..annotations.areas import area_of_box
from ..evaluation.functional import grouped_oks_nms
from ..evaluation.functional.box_iou import box_iou
from ..structures.poses import Poses
from ..utils.errors import InputError
from .frames import Frame
from .tracking.observed import sigmas_of

__all__ = ['PeopleChoice', 'boxes_of_poses', 'in_region', 'join_boxes']

_MARGIN = 0.15  # of the extent of the keypoints, on each side
_SEEN = 0.3  # score of a keypoint
_FEWEST = 3  # keypoints that are seen of a person who is followed
_LOWEST = 0.25  # mean score of the keypoints of a person who is followed
_ONE = 0.5  # intersection over union from which on a detector's box is of a person who is followed


def in_region(boxes: np.ndarray, region: Sequence[float]) -> np.ndarray:
    """Tell which boxes have their centres in a region.

    Args:
        boxes: (N, 4) or (N, 5), left top right bottom in pixels.
        region: left, top, right, bottom; or x, y of three or more corners.

    Returns:
        (N,) boolean; a centre on the border is inside.

    Raises:
        InputError: a region without an area, or of another number of values.

    >>> in_region(np.array([[0, 0, 4, 4], [10, 0, 14, 4.0]]), [0, 0, 8, 8]).tolist()
    [True, False]
    """
    values = np.asarray(region, np.float64)
    if values.size < 4 or values.size % 2 or not np.isfinite(values).all():
        raise InputError(f'region {list(region)}: give left top right bottom, or x y of three or more corners')
    if values.size == 4:
        left, top, right, bottom = values
        if right <= left or bottom <= top:
            raise InputError(f'region {list(region)} has no area: give left top right bottom')
        values = np.array([left, top, right, top, right, bottom, left, bottom])
    corners = values.reshape(-1, 2).astype(np.float32)
    if cv2.contourArea(corners) <= 0:
        raise InputError(f'region {list(region)} has no area')
    centres = (boxes[:, :2] + boxes[:, 2:4]) / 2
    return np.array([cv2.pointPolygonTest(corners, (float(x), float(y)), False) >= 0 for x, y in centres], bool)


def boxes_of_poses(poses: Poses, *, image_hw: tuple[int, int], kpt_thr: float = _SEEN) -> np.ndarray:
    """Return boxes round the keypoints that are seen, for the next frame.

    Args:
        poses: N people of the last frame.
        image_hw: height and width of the next one.
        kpt_thr: a keypoint is seen when its score is above this.

    Returns:
        (M, 5) left, top, right, bottom in pixels, cut at the image, and the person's score; those of whom little was
        seen, or who left the image, are left out.

    >>> poses = Poses([[[10, 10], [20, 10], [10, 30]]], np.ones((1, 3)), [[0, 0, 40, 40]])
    >>> boxes_of_poses(poses, image_hw=(100, 100)).tolist()
    [[8.5, 7.0, 21.5, 33.0, 1.0]]
    """
    seen = (poses.keypoint_scores > kpt_thr) & np.isfinite(poses.keypoints).all(-1)
    kept = (seen.sum(1) >= min(_FEWEST, max(poses.num_keypoints, 1))) & (poses.keypoint_scores.mean(1) >= _LOWEST)
    points = np.where(seen[..., None], poses.keypoints, np.nan)[kept]
    if not len(points):
        return np.zeros((0, 5), np.float32)
    low, high = np.nanmin(points, 1), np.nanmax(points, 1)
    margin = _MARGIN * (high - low)
    boxes = np.concatenate([low - margin, high + margin], 1).clip(0, (image_hw[1], image_hw[0]) * 2)
    usable = ((boxes[:, 2:] - boxes[:, :2]) > 1).all(1)
    scores = poses.scores[kept].clip(0, 1)
    return np.column_stack([boxes, scores])[usable].astype(np.float32)


def join_boxes(found: np.ndarray, followed: np.ndarray) -> np.ndarray:
    """Return a detector's boxes, and those of people who are followed and whom it did not find.

    Args:
        found: (N, 5) of the detector.
        followed: (M, 5) of the last poses.

    Returns:
        (N + M', 5).

    >>> boxes = np.array([[0, 0, 9, 9, 0.5], [30, 0, 39, 9, 0.5]], np.float32)
    >>> len(join_boxes(boxes[:1], boxes))
    2
    """
    if not len(found) or not len(followed):
        return found if len(found) else followed
    overlap = box_iou(found[:, :4], followed[:, :4])
    return np.concatenate([found, followed[overlap.max(0) < _ONE]])


class PeopleChoice:
    """Says which boxes the network sees, and which of the people it finds are kept.

    Args:
        max_people: in an image, those with the highest scores; None for all.
        region: only boxes with their centres there, see `in_region`; None for the whole image.
        nms_thr: of two people who are more alike than this (object keypoint similarity), the one with the lower score
            is left out; 1 for keeping both.
        detect_every: the detector looks at every n-th frame; the boxes of the others, and of people whom it does not
            find, come from the poses of the last frame.

    Raises:
        InputError: values that are not in their range.
    """

    def __init__(
        self,
        *,
        max_people: int | None = None,
        region: Sequence[float] | None = None,
        nms_thr: float = 0.9,
        detect_every: int = 1,
    ) -> None:
        if (max_people is not None and max_people < 1) or detect_every < 1 or not 0 < nms_thr <= 1:
            raise InputError(
                f'max_people and detect_every must be at least 1 and nms_thr above 0 and at most 1, got {max_people}, '
                f'{detect_every} and {nms_thr}'
            )
        if region is not None:
            in_region(np.zeros((0, 4)), region)
        self.max_people, self.region = max_people, region
        self.nms_thr, self.detect_every = nms_thr, detect_every

    @property
    def follows(self) -> bool:
        """Whether boxes come from the last frame's poses, so that frames have to be done one after the other."""
        return self.detect_every > 1

    def looks_at(self, frame: Frame) -> bool:
        """Tell whether the detector looks at a frame.

        >>> [PeopleChoice(detect_every=3).looks_at(Frame(i)) for i in range(4)]
        [True, False, False, True]
        """
        return frame.index % self.detect_every == 0

    def boxes(self, found: np.ndarray | None, *, image_hw: tuple[int, int], last: Poses | None) -> np.ndarray:
        """Choose the boxes of an image.

        Args:
            found: (N, 5) of the detector; None where it did not look.
            image_hw: height and width of the image.
            last: people of the last frame; None for none.

        Returns:
            (M, 5), the highest scores first where there is a limit.

        >>> found = np.array([[0, 0, 4, 4, 0.1], [0, 0, 9, 9, 0.8]])
        >>> PeopleChoice(max_people=1).boxes(found, image_hw=(9, 9), last=None)
        array([[0. , 0. , 9. , 9. , 0.8]])
        """
        boxes = np.zeros((0, 5), np.float32) if found is None else found
        if self.follows and last is not None and len(last):
            boxes = join_boxes(boxes, boxes_of_poses(last, image_hw=image_hw))
        if self.region is not None:
            boxes = boxes[in_region(boxes, self.region)]
        if self.max_people is not None:
            boxes = boxes[np.argsort(-boxes[:, 4], kind='stable')[: self.max_people]]
        return boxes

    def kept(self, poses: Poses) -> np.ndarray:
        """Return (N,) who of the people of an image is kept: of two who are one, the one with the higher score."""
        kept = np.ones(len(poses), bool)
        if self.nms_thr < 1 and len(poses) > 1:
            kept[:] = False
            kept[_not_twice(poses, self.nms_thr)] = True
        return kept


def _not_twice(poses: Poses, threshold: float) -> np.ndarray:
    """Numbers of the people who stay."""
    sides = poses.boxes[:, 2:] - poses.boxes[:, :2]
    return grouped_oks_nms(
        poses.keypoints,
        poses.scores,
        areas=area_of_box(sides[:, 0], sides[:, 1]),
        groups=np.zeros(len(poses), int),
        thr=threshold,
        sigmas=sigmas_of(poses),
    )
