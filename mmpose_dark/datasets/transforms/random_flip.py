"""Flipping."""

from collections.abc import Sequence

import cv2

from ...registry import TRANSFORMS
from ...structures import flip_bbox, flip_keypoints
from ...utils.errors import InputError
from .base import BaseTransform, get_rng
from .reduced_decoding import flip_img_to_ori

__all__ = ['RandomFlip']

_CODES = {'horizontal': 1, 'vertical': 0, 'diagonal': -1}


@TRANSFORMS.register_module()
class RandomFlip(BaseTransform):
    """Flip image, box and keypoints with probability ``prob``; left and right keypoints change places.

    Reads: ``img``, ``keypoints``, ``keypoints_visible``, ``bbox``, ``bbox_center``, ``flip_indices``;
    ``img_to_ori`` and ``img_shape`` of an image decoded at reduced size.
    Adds: ``flip`` (bool) and ``flip_direction`` (str or None).

    Args:
        prob: of a flip; with several directions, a list of one probability each.
        direction: ``'horizontal'``, ``'vertical'``, ``'diagonal'``, or a list of them.

    Raises:
        ValueError: probabilities outside 0..1 or with a sum above 1, or unknown directions.
    """

    is_random = True

    def __init__(self, prob: float | Sequence[float] = 0.5, direction: str | Sequence[str] = 'horizontal') -> None:
        directions = [direction] if isinstance(direction, str) else list(direction)
        probs = [prob / len(directions)] * len(directions) if isinstance(prob, int | float) else list(prob)
        unknown = [d for d in directions if d not in _CODES]
        if unknown:
            raise InputError(f'RandomFlip: direction must be of {list(_CODES)}, got {unknown[0]!r}')
        if len(probs) != len(directions) or min(probs) < 0 or sum(probs) > 1 + 1e-9:
            raise InputError(
                f'RandomFlip: prob {prob!r} does not give {len(directions)} probabilities with a sum up to 1'
            )
        self.prob = prob
        self.direction = direction
        self._choices = list(zip(probs, directions, strict=True))

    def _draw(self, results: dict) -> str | None:
        draw = get_rng(results).random()
        for prob, direction in self._choices:
            if draw < prob:
                return direction
            draw -= prob
        return None

    def transform(self, results: dict) -> dict:
        """Flip with probability ``prob``.

        >>> results = RandomFlip(prob=1.0)(dict(img_shape=(10, 20), bbox_center=np.array([[5.0, 6.0]])))
        >>> results['flip_direction'], results['bbox_center'].tolist()
        ('horizontal', [[14.0, 6.0]])
        """
        direction = self._draw(results)
        results['flip'], results['flip_direction'] = direction is not None, direction
        if direction is None:
            return results
        reduced = 'img_to_ori' in results  # see LoadImage
        height, width = results['img'].shape[:2] if 'img' in results and not reduced else results['img_shape']
        if reduced:
            image_wh = results['img'].shape[1::-1]
            results['img_to_ori'] = flip_img_to_ori(results['img_to_ori'], image_wh, (width, height), direction)
        if 'img' in results:
            results['img'] = cv2.flip(results['img'], _CODES[direction])
        if 'bbox' in results:
            results['bbox'] = flip_bbox(results['bbox'], (width, height), direction=direction)
        if 'bbox_center' in results:
            results['bbox_center'] = flip_bbox(
                results['bbox_center'], (width, height), bbox_format='center', direction=direction
            )
        if results.get('keypoints') is not None:
            results['keypoints'], results['keypoints_visible'] = flip_keypoints(
                results['keypoints'],
                results.get('keypoints_visible'),
                (width, height),
                results['flip_indices'],
                direction,
            )
        return results
