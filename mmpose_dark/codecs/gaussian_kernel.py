"""The 1-D Gaussian kernel that the reference implementations blur heatmaps with."""

import math

from ..utils.errors import InputError

__all__ = ['gaussian_kernel']

# OpenCV uses these fixed values instead of the formula when it chooses sigma itself.
_OPENCV_TABLE = {
    1: (1.0,),
    3: (0.25, 0.5, 0.25),
    5: (0.0625, 0.25, 0.375, 0.25, 0.0625),
    7: (0.03125, 0.109375, 0.21875, 0.28125, 0.21875, 0.109375, 0.03125),
    9: (0.015625, 0.05078125, 0.1171875, 0.19921875, 0.234375, 0.19921875, 0.1171875, 0.05078125, 0.015625),
}


def gaussian_kernel(size: int) -> tuple[float, ...]:
    """Return the weights of ``cv2.getGaussianKernel(size, 0)``, which sum to one.

    The standard deviation follows from the size, 0.3 ((size - 1) / 2 - 1) + 0.8 pixels; up to size 9
    OpenCV takes rounded weights from a table, and so must we to equal the references.

    Args:
        size: number of weights, odd.

    Raises:
        ValueError: ``size`` is even or not positive.

    >>> gaussian_kernel(3)
    (0.25, 0.5, 0.25)
    >>> round(gaussian_kernel(11)[5], 4)
    0.2006
    """
    if size < 1 or size % 2 == 0:
        raise InputError(f'Gaussian kernel: size must be a positive odd number, got {size}')
    if size in _OPENCV_TABLE:
        return _OPENCV_TABLE[size]
    sigma = 0.3 * ((size - 1) / 2 - 1) + 0.8
    weights = [math.exp(-((i - size // 2) ** 2) / (2 * sigma * sigma)) for i in range(size)]
    total = sum(weights)
    return tuple(w / total for w in weights)
