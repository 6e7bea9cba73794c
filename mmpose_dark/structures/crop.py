"""From the network's input back to the image: where a point of a crop lies, and how sure of it one is.

A crop shows the box with centre ``input_center`` and size ``input_scale`` (image pixels) on ``input_size`` pixels
without rotation, as the test pipelines make it. The formula is mmpose 1.x's, for UDP's crops too.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from ..utils.errors import InputError

__all__ = ['covariances_to_image', 'crop_to_image', 'crops_of', 'image_to_crop']

Array = TypeVar('Array')  # of NumPy or torch: both have the operators used here


def crop_to_image(xy_crop: Array, *, input_size: Array, input_center: Array, input_scale: Array) -> Array:
    """Map points from a crop's pixels to the image's.

    Args:
        xy_crop: (..., 2) x, y in pixels of the crop, integer = pixel centre; not modified.
        input_size: (..., 2) width and height of the crop in its own pixels; broadcast against the points.
        input_center: (..., 2) x, y of the crop's centre in image pixels.
        input_scale: (..., 2) width and height of the crop in image pixels.

    Returns:
        (..., 2) x, y in image pixels.

    >>> import numpy as np
    >>> size, center, scale = np.array([48.0, 64.0]), np.array([100.0, 50.0]), np.array([96.0, 128.0])
    >>> crop_to_image(np.array([24.0, 0.0]), input_size=size, input_center=center, input_scale=scale).tolist()
    [100.0, -14.0]
    """
    return xy_crop / input_size * input_scale + input_center - input_scale * 0.5


def image_to_crop(xy_image: Array, *, input_size: Array, input_center: Array, input_scale: Array) -> Array:
    """Map points from the image's pixels to a crop's: the inverse of :func:`crop_to_image`.

    Args:
        xy_image: (..., 2) x, y in image pixels; not modified.
        input_size: as of :func:`crop_to_image`.
        input_center: as of :func:`crop_to_image`.
        input_scale: as of :func:`crop_to_image`.

    Returns:
        (..., 2) x, y in pixels of the crop.

    >>> import numpy as np
    >>> size, center, scale = np.array([48.0, 64.0]), np.array([100.0, 50.0]), np.array([96.0, 128.0])
    >>> image_to_crop(np.array([100.0, -14.0]), input_size=size, input_center=center, input_scale=scale).tolist()
    [24.0, 0.0]
    """
    return (xy_image - input_center + input_scale * 0.5) / input_scale * input_size


def covariances_to_image(covariances: Array, *, input_size: Array, input_scale: Array) -> Array:
    """Scale covariances from a crop's pixels to the image's.

    Args:
        covariances: (..., 2, 2) in square pixels of the crop; not modified.
        input_size: (..., 2) width and height of the crop in its own pixels.
        input_scale: (..., 2) width and height of the crop in image pixels.

    Returns:
        (..., 2, 2) in square image pixels.

    >>> import numpy as np
    >>> one = np.eye(2)
    >>> covariances_to_image(one, input_size=np.array([48.0, 64.0]), input_scale=np.array([96.0, 64.0])).tolist()
    [[4.0, 0.0], [0.0, 1.0]]
    """
    factor = input_scale / input_size
    return covariances * (factor[..., :, None] * factor[..., None, :])


def crops_of(metainfos: Sequence[Mapping[str, np.typing.ArrayLike]]) -> dict[str, np.ndarray]:
    """Gather where the crops of samples lie, as the functions above take it for points (B, K, 2).

    Args:
        metainfos: of B samples, each with ``input_size``, ``input_center`` and ``input_scale``: two numbers, (2,) or
            (1, 2).

    Returns:
        The three as (B, 1, 2) float32, by name.

    Raises:
        InputError: one is missing, or is not two finite numbers.

    >>> crops_of([dict(input_size=(48, 64), input_center=np.array([[5.0, 6.0]]), input_scale=(9, 12))])['input_center']
    array([[[5., 6.]]], dtype=float32)
    """
    return {key: np.stack([_pair(key, metainfo) for metainfo in metainfos])[:, None] for key in _PLACE}


_PLACE = ('input_size', 'input_center', 'input_scale')


def _pair(key: str, metainfo: Mapping[str, np.typing.ArrayLike]) -> np.ndarray:
    if key not in metainfo:
        raise InputError(f'the metainfo of a sample has no {key}; TopdownAffine gives it and PackPoseInputs packs it')
    value = np.asarray(metainfo[key], np.float32)
    if value.shape not in ((2,), (1, 2)) or not np.isfinite(value).all():
        raise InputError(f'the metainfo {key} of a sample must be two finite numbers, got {value.tolist()}')
    return value.reshape(2)
