"""How results are drawn on their images."""

from dataclasses import dataclass, replace

import numpy as np

from ...drawing.boxes import draw_bboxes
from ...drawing.poses import draw_poses
from ...structures.poses import Poses
from ..results import ImageResult

__all__ = ['Look', 'track_color']

# Okabe and Ito's colours, which colour-blind people tell apart.
_COLORS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167))
_FAINT = 0.45
_MARGIN = 40.0  # pixels round a person, for labels and ellipses


def track_color(track_id: int) -> tuple[int, int, int]:
    """Return the RGB colour of a track.

    >>> track_color(1) == track_color(8), track_color(1) == track_color(2)
    (True, False)
    """
    return _COLORS[(int(track_id) - 1) % len(_COLORS)]


@dataclass(frozen=True)
class Look:
    """What is drawn.

    Attributes:
        kpt_thr: keypoints scored above this.
        draw_bbox: the boxes, with scores; of people who are tracked the boxes are drawn in any case, with numbers.
        draw_covariance: ellipses of one standard deviation where covariances are known.
    """

    kpt_thr: float = 0.3
    draw_bbox: bool = False
    draw_covariance: bool = False

    def on(self, result: ImageResult) -> np.ndarray:
        """Return the image of a result with its people, (H, W, 3) uint8 BGR, a new array.

        >>> result = ImageResult('', Poses([[[4, 4]]], [[0.5]], [[0, 0, 9, 9]]), np.zeros((9, 9, 3), np.uint8))
        >>> Look().on(result).shape
        (9, 9, 3)
        """
        drawn = result.image.copy()
        poses = result.poses
        filled = np.zeros(len(poses), bool) if poses.filled is None else poses.filled
        for i in np.argsort(~filled, kind='stable'):  # people who were seen are above the others
            top, bottom, left, right = _window(poses[i], drawn.shape[:2])
            if bottom > top and right > left:
                part = self._people(
                    drawn[top:bottom, left:right, ::-1], _moved(poses[i], left, top), _FAINT if filled[i] else 1.0
                )
                drawn[top:bottom, left:right] = part[..., ::-1]
        return drawn

    def _people(self, image: np.ndarray, poses: Poses, alpha: float) -> np.ndarray:
        if poses.track_ids is not None:
            colors = [track_color(i) if i > 0 else (160, 160, 160) for i in poses.track_ids]
            labels = [str(i) if i > 0 else '' for i in poses.track_ids]
            image = draw_bboxes(image, poses.boxes, colors=colors, labels=labels, alpha=alpha)
        return draw_poses(
            image,
            poses,
            kpt_thr=self.kpt_thr,
            draw_bbox=self.draw_bbox and poses.track_ids is None,
            draw_covariance=self.draw_covariance,
            alpha=alpha,
        )


def _window(person: Poses, image_hw: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return top, bottom, left and right of the part of the image that somebody and the label cover."""
    points = np.concatenate([person.keypoints[0], person.boxes[0].reshape(2, 2)])
    points = points[np.isfinite(points).all(1)]
    if not len(points):
        return 0, 0, 0, 0
    low, high = points.min(0), points.max(0)
    margin = max(_MARGIN, 0.15 * float((high - low).max()))
    low, high = np.floor(low - margin), np.ceil(high + margin) + 1
    height, width = image_hw
    (left, top), (right, bottom) = np.clip([low, high], 0, (width, height)).astype(int)
    return int(top), int(bottom), int(left), int(right)


def _moved(person: Poses, left: int, top: int) -> Poses:
    shift = np.array([left, top], np.float32)
    return replace(person, keypoints=person.keypoints - shift, boxes=person.boxes - np.tile(shift, 2))
