"""How results are drawn on their images."""

from dataclasses import dataclass

import numpy as np

from ...drawing.boxes import draw_bboxes
from ...drawing.poses import draw_poses
from ...structures.poses import Poses
from ..results import ImageResult

__all__ = ['Look', 'track_color']

# Okabe and Ito's colours, which colour-blind people tell apart.
_COLORS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167))
_FAINT = 0.45


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
        drawn = result.image[..., ::-1]
        poses = result.poses
        filled = np.zeros(len(poses), bool) if poses.filled is None else poses.filled
        for chosen, alpha in ((filled, _FAINT), (~filled, 1.0)):
            if chosen.any():
                drawn = self._people(drawn, poses[chosen], alpha)
        return np.ascontiguousarray(drawn[..., ::-1])

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
