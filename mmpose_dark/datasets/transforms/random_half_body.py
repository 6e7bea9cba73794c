"""Cropping to the upper or the lower half of the body."""

import numpy as np

from ...registry import TRANSFORMS
from .base import BaseTransform, get_rng

__all__ = ['RandomHalfBody']


@TRANSFORMS.register_module()
class RandomHalfBody(BaseTransform):
    """Replace the box by one around one half of the body with probability ``prob``.

    Only people with ``min_total_keypoints`` visible keypoints and enough of them in a half.

    Reads: ``keypoints``, ``keypoints_visible``, ``upper_body_ids``, ``lower_body_ids``.
    Replaces: ``bbox_center``, ``bbox_scale``.

    Args:
        min_total_keypoints: visible keypoints that a person needs.
        min_upper_keypoints: visible keypoints that the upper half needs.
        min_lower_keypoints: visible keypoints that the lower half needs.
        padding: factor on the size of the keypoints' box.
        prob: of cropping to a half.
        upper_prioritized_prob: of the upper half, where both have enough.
    """

    is_random = True

    def __init__(
        self,
        min_total_keypoints: int = 9,
        min_upper_keypoints: int = 2,
        min_lower_keypoints: int = 3,
        padding: float = 1.5,
        prob: float = 0.3,
        upper_prioritized_prob: float = 0.7,
    ) -> None:
        self.min_total_keypoints = min_total_keypoints
        self.min_upper_keypoints = min_upper_keypoints
        self.min_lower_keypoints = min_lower_keypoints
        self.padding = padding
        self.prob = prob
        self.upper_prioritized_prob = upper_prioritized_prob

    def transform(self, results: dict) -> dict:
        """Replace the box with probability ``prob``.

        >>> person = dict(
        ...     keypoints=np.array([[[10.0, 10.0], [30.0, 50.0]]]),
        ...     keypoints_visible=np.ones((1, 2)),
        ...     upper_body_ids=[0, 1],
        ...     lower_body_ids=[],
        ...     bbox_center=np.zeros((1, 2)),
        ...     bbox_scale=np.ones((1, 2)),
        ... )
        >>> results = RandomHalfBody(min_total_keypoints=2, padding=1.0, prob=1.0)(person)
        >>> results['bbox_center'].tolist(), results['bbox_scale'].tolist()
        ([[20.0, 30.0]], [[20.0, 40.0]])
        """
        rng = get_rng(results)
        boxes = [
            self._half_body_box(xy, visible > 0, results, rng)
            for xy, visible in zip(results['keypoints'], results['keypoints_visible'], strict=True)
        ]
        if any(box is not None for box in boxes):
            center, scale = np.array(results['bbox_center']), np.array(results['bbox_scale'])
            for i, box in enumerate(boxes):
                if box is not None:
                    center[i], scale[i] = box
            results['bbox_center'], results['bbox_scale'] = center, scale
        return results

    def _half_body_box(
        self, xy: np.ndarray, visible: np.ndarray, results: dict, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray] | None:
        if rng.random() > self.prob or visible.sum() < self.min_total_keypoints:
            return None
        prefer_upper = rng.random() < self.upper_prioritized_prob
        upper = [i for i in results['upper_body_ids'] if visible[i]]
        lower = [i for i in results['lower_body_ids'] if visible[i]]
        enough_upper = len(upper) >= self.min_upper_keypoints
        enough_lower = len(lower) >= self.min_lower_keypoints
        if not (enough_upper or enough_lower):
            return None
        points = xy[upper if enough_upper and (prefer_upper or not enough_lower) else lower]
        scale = (points.max(axis=0) - points.min(axis=0)) * self.padding
        # All keypoints in one place give no box; the sample keeps its own.
        return (points.mean(axis=0), scale) if scale.min() >= 1 else None
