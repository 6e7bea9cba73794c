"""Where the heatmaps of a crop lie in the image."""

import cv2
import numpy as np

from .crop import crop_to_image

__all__ = ['revert_heatmap']


def revert_heatmap(
    heatmap: np.ndarray, input_center: np.ndarray, input_scale: np.ndarray, img_shape: tuple[int, int]
) -> np.ndarray:
    """Put heatmaps of an upright crop back where the crop was in the image.

    Args:
        heatmap: (K, H, W) or (H, W).
        input_center: (2,) x, y of the crop in image pixels.
        input_scale: (2,) width, height of the crop in image pixels.
        img_shape: height and width of the image.

    Returns:
        (K, height, width) or (height, width) float32, zero outside the crop.

    >>> crop = np.array([8., 8.]), np.array([8., 8.])
    >>> revert_heatmap(np.ones((2, 4, 4), np.float32), *crop, (16, 16)).sum(axis=(1, 2))
    array([64., 64.], dtype=float32)
    """
    maps = np.asarray(heatmap, np.float32)
    maps = maps[None] if maps.ndim == 2 else maps
    size = int(img_shape[1]), int(img_shape[0])
    origin, next_pixel = crop_to_image(
        np.array([[0.0, 0.0], [1.0, 1.0]]),
        input_size=np.array(maps.shape[:0:-1], np.float64),
        input_center=np.asarray(input_center, np.float64).reshape(2),
        input_scale=np.asarray(input_scale, np.float64).reshape(2),
    )
    matrix = np.c_[np.diag(next_pixel - origin), origin]
    out = np.zeros((len(maps), size[1], size[0]), np.float32)
    for target, source in zip(out, maps, strict=True):
        cv2.warpAffine(np.ascontiguousarray(source), matrix, size, dst=target, flags=cv2.INTER_LINEAR)
    return out[0] if np.ndim(heatmap) == 2 else out
