"""From the network's input back to the image: where a point of a crop lies, and how sure of it one is.

A crop shows the box with centre ``input_center`` and size ``input_scale`` (image pixels) on ``input_size`` pixels
without rotation, as the test pipelines make it. The formula is mmpose 1.x's, for UDP's crops too.
"""

from typing import TypeVar

__all__ = ['covariances_to_image', 'crop_to_image', 'image_to_crop']

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
