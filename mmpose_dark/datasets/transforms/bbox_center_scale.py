"""From a box to centre and scale."""

import math

import numpy as np

from ...registry import TRANSFORMS
from ...structures import bbox_xyxy2cs
from ...utils.errors import InputError
from .base import BaseTransform

__all__ = ['GetBBoxCenterScale']


@TRANSFORMS.register_module()
class GetBBoxCenterScale(BaseTransform):
    """Turn the box into centre and padded scale.

    A record that has ``bbox_center`` and ``bbox_scale`` already (MPII) keeps its centre; the
    padding is applied to its scale.

    Reads: ``bbox`` (1, 4) xyxy pixels, or ``bbox_center`` and ``bbox_scale``.
    Adds: ``bbox_center`` (1, 2), ``bbox_scale`` (1, 2), float32 pixels.

    Args:
        padding: factor on the box's size.

    Raises:
        ValueError: the box is not finite or has no area.
    """

    def __init__(self, padding: float = 1.25) -> None:
        self.padding = padding

    def transform(self, results: dict) -> dict:
        """Compute centre and scale.

        >>> results = GetBBoxCenterScale(padding=1.5)(dict(bbox=np.array([[0, 0, 20, 40]], np.float32)))
        >>> results['bbox_center'].tolist(), results['bbox_scale'].tolist()
        ([[10.0, 20.0]], [[30.0, 60.0]])
        """
        if 'bbox_center' in results and 'bbox_scale' in results:
            center, scale = results['bbox_center'], results['bbox_scale'] * np.float32(self.padding)
        else:
            center, scale = bbox_xyxy2cs(results['bbox'], padding=np.float32(self.padding))
        # A comparison with NaN is false, a sum with an infinity is not finite.
        if not (scale.min() > 0 and math.isfinite(scale.sum() + center.sum())):
            raise InputError(
                f'box {np.asarray(results.get("bbox", (center, scale))).tolist()} (left, top, right, bottom) of sample '
                f'{results.get("id")} in {results.get("img_path")!r} has no area or is not finite'
            )
        results['bbox_center'], results['bbox_scale'] = center, scale
        return results
