"""Shifting, resizing and rotating the box."""

import numpy as np

from ...registry import TRANSFORMS
from ...utils.errors import InputError
from .base import BaseTransform, get_rng

__all__ = ['RandomBBoxTransform', 'truncated_normal']


def truncated_normal(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw from the normal distribution of deviation 1 cut off at -1 and 1.

    Args:
        rng: where from.
        size: how many.

    Returns:
        (size,) float32.

    >>> bool(abs(truncated_normal(np.random.default_rng(0), 1000)).max() <= 1)
    True
    """
    kept = np.empty(0, np.float32)
    while kept.size < size:  # two of three draws are kept, so once is nearly always enough
        draws = rng.standard_normal(3 * size + 8, dtype=np.float32)
        kept = np.concatenate([kept, draws[np.abs(draws) <= 1]])
    return kept[:size]


@TRANSFORMS.register_module()
class RandomBBoxTransform(BaseTransform):
    """Shift, resize and rotate the box, with the distributions of mmpose 1.x (truncated normal).

    Replaces: ``bbox_center``, ``bbox_scale``. Adds: ``bbox_rotation`` (1,) degrees.

    Args:
        shift_factor: largest shift, in parts of the scale.
        shift_prob: of shifting.
        scale_factor: smallest and largest factor on the scale.
        scale_prob: of resizing.
        rotate_factor: largest rotation in degrees.
        rotate_prob: of rotating.
    """

    is_random = True

    def __init__(
        self,
        shift_factor: float = 0.16,
        shift_prob: float = 0.3,
        scale_factor: tuple[float, float] = (0.5, 1.5),
        scale_prob: float = 1.0,
        rotate_factor: float = 80.0,
        rotate_prob: float = 0.6,
    ) -> None:
        if len(scale_factor) != 2 or not 0 < scale_factor[0] <= scale_factor[1]:
            raise InputError(f'RandomBBoxTransform: scale_factor must be (smallest, largest) > 0, got {scale_factor}')
        self.shift_factor = shift_factor
        self.shift_prob = shift_prob
        self.scale_factor = tuple(scale_factor)
        self.scale_prob = scale_prob
        self.rotate_factor = rotate_factor
        self.rotate_prob = rotate_prob

    def transform(self, results: dict) -> dict:
        """Shift, resize and rotate, each with its probability.

        >>> person = dict(bbox_center=np.array([[50.0, 60.0]]), bbox_scale=np.array([[20.0, 40.0]]))
        >>> results = RandomBBoxTransform(scale_factor=(2.0, 2.0), shift_prob=0.0, rotate_prob=0.0)(person)
        >>> results['bbox_center'].tolist(), results['bbox_scale'].tolist(), results['bbox_rotation'].tolist()
        ([[50.0, 60.0]], [[40.0, 80.0]], [0.0])
        """
        rng = get_rng(results)
        center, scale = results['bbox_center'], results['bbox_scale']
        count = len(center)
        normal = truncated_normal(rng, 4 * count).reshape(4, count)
        chance = rng.random((3, count))
        low, high = self.scale_factor
        shift = np.where(chance[0] < self.shift_prob, normal[:2] * self.shift_factor, 0).T
        factor = np.where(chance[1] < self.scale_prob, normal[2] * (high - low) / 2 + (high + low) / 2, 1)[:, None]
        results['bbox_center'] = (center + shift * scale).astype(np.float32)
        results['bbox_scale'] = (scale * factor).astype(np.float32)
        rotation = np.where(chance[2] < self.rotate_prob, normal[3] * self.rotate_factor, 0)
        results['bbox_rotation'] = rotation.astype(np.float32)
        return results
