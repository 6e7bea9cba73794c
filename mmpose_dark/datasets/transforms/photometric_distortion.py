"""Other light and other colours."""

from collections.abc import Sequence

import cv2
import numpy as np

from ...registry import TRANSFORMS
from ...utils.errors import InputError
from .base import BaseTransform, get_rng

__all__ = ['PhotometricDistortion', 'scaled']


def scaled(image: np.ndarray, *, factor: float = 1.0, offset: float = 0.0) -> np.ndarray:
    """Multiply and add, cut to what 8 bits hold.

    Args:
        image: any shape, uint8; not modified.
        factor: of the values.
        offset: added afterwards.

    Returns:
        The same shape, uint8.

    >>> scaled(np.array([10, 200], np.uint8), factor=2.0, offset=1.0).tolist()
    [21, 255]
    """
    return np.clip(image.astype(np.float32) * factor + offset, 0, 255).astype(np.uint8)


@TRANSFORMS.register_module()
class PhotometricDistortion(BaseTransform):
    """Change brightness, contrast, saturation and hue and exchange the colour channels, each with probability 1/2.

    Contrast changes either before or after saturation and hue. (mmpose 1.x applies it twice or not at all, by a slip;
    the recipe it takes this from, SSD's, does as here.)

    Reads and replaces: ``img`` (H, W, 3) uint8 BGR.

    Args:
        brightness_delta: greatest change of the values.
        contrast_range: least and greatest factor of the values.
        saturation_range: least and greatest factor of the saturation.
        hue_delta: greatest change of the hue, of 180 for the whole circle.

    Raises:
        InputError: a range that is not two numbers in order.
    """

    is_random = True

    def __init__(
        self,
        brightness_delta: int = 32,
        contrast_range: Sequence[float] = (0.5, 1.5),
        saturation_range: Sequence[float] = (0.5, 1.5),
        hue_delta: int = 18,
    ) -> None:
        for name, pair in (('contrast_range', contrast_range), ('saturation_range', saturation_range)):
            if len(pair) != 2 or not 0 <= pair[0] <= pair[1]:
                raise InputError(f'PhotometricDistortion: {name} must be (least, greatest), got {pair!r}')
        self.brightness_delta, self.hue_delta = brightness_delta, hue_delta
        self.contrast_range, self.saturation_range = tuple(contrast_range), tuple(saturation_range)

    def transform(self, results: dict) -> dict:
        """Distort.

        >>> grey = np.full((2, 2, 3), 100, np.uint8)
        >>> results = PhotometricDistortion()(dict(img=grey, rng=np.random.default_rng(0)))
        >>> results['img'].shape, results['img'].dtype, bool((grey == 100).all())
        ((2, 2, 3), dtype('uint8'), True)
        """
        rng, image = get_rng(results), results['img']
        # All numbers are drawn whether they are used or not: one choice does not move the others.
        brighter, contrasted, contrast_first, saturated, hued, swapped = rng.random(6) < 0.5
        offset = rng.uniform(-self.brightness_delta, self.brightness_delta)
        contrast, saturation = rng.uniform(*self.contrast_range), rng.uniform(*self.saturation_range)
        hue, order = rng.integers(-self.hue_delta, self.hue_delta, endpoint=True), rng.permutation(3)
        if brighter:
            image = scaled(image, offset=offset)
        if contrasted and contrast_first:
            image = scaled(image, factor=contrast)
        if saturated or hued:
            image = _recoloured(image, saturation if saturated else 1.0, int(hue) if hued else 0)
        if contrasted and not contrast_first:
            image = scaled(image, factor=contrast)
        results['img'] = np.ascontiguousarray(image[..., order]) if swapped else image
        return results


def _recoloured(image: np.ndarray, saturation: float, hue: int) -> np.ndarray:
    """Change saturation and hue (in OpenCV's 180 steps) of an image (H, W, 3) BGR uint8."""
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    hsv[..., 1] = scaled(hsv[..., 1], factor=saturation)
    hsv[..., 0] = (hsv[..., 0].astype(np.int16) + hue) % 180
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
