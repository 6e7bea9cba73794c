"""Plain loops over keypoints, written after the papers and OpenCV, that the batched codec must equal."""

import cv2
import numpy as np

__all__ = ['biased_target', 'dark_loop', 'noisy_heatmaps', 'quarter_pixel_loop', 'unbiased_target']


def noisy_heatmaps(seed, n, k, width, height, sigma, noise=0.01, margin=0.0):
    """Gaussians of different heights at random places, with normal noise: (n, k, height, width) float32."""
    rng = np.random.default_rng(seed)
    centre = rng.uniform([-margin] * 2, [width + margin, height + margin], (n, k, 2))
    x, y = np.arange(width), np.arange(height)[:, None]
    squared = (x - centre[..., 0, None, None]) ** 2 + (y - centre[..., 1, None, None]) ** 2
    maps = rng.uniform(0.2, 1, (n, k, 1, 1)) * np.exp(-squared / (2 * sigma**2))
    return (maps + rng.normal(0, noise, maps.shape)).astype(np.float32)


def dark_loop(heatmaps, kernel_size):
    """The paper's post-processing without any guard: (n, k, 2) in heatmap pixels."""
    n, k, height, width = heatmaps.shape
    border = kernel_size // 2
    result = np.zeros((n, k, 2), np.float32)
    for i, j in np.ndindex(n, k):
        raw = heatmaps[i, j]
        y, x = np.unravel_index(raw.argmax(), raw.shape)
        padded = np.pad(raw, border)
        blurred = cv2.GaussianBlur(padded, (kernel_size, kernel_size), 0)[border:][:height, border:][:, :width]
        log = np.log(np.maximum(blurred * (raw.max() / blurred.max()), 1e-10)).astype(np.float64)
        result[i, j] = x, y
        if 1 < x < width - 2 and 1 < y < height - 2:
            gradient = [(log[y, x + 1] - log[y, x - 1]) / 2, (log[y + 1, x] - log[y - 1, x]) / 2]
            xx = (log[y, x + 2] - 2 * log[y, x] + log[y, x - 2]) / 4
            yy = (log[y + 2, x] - 2 * log[y, x] + log[y - 2, x]) / 4
            xy = (log[y + 1, x + 1] - log[y - 1, x + 1] - log[y + 1, x - 1] + log[y - 1, x - 1]) / 4
            if xx * yy - xy**2 != 0:
                result[i, j] -= np.linalg.solve([[xx, xy], [xy, yy]], gradient)
    return result


def quarter_pixel_loop(heatmaps):
    """A quarter of a pixel towards the higher neighbour, where mmpose 1.x looks at the neighbours."""
    n, k, height, width = heatmaps.shape
    result = np.zeros((n, k, 2), np.float32)
    for i, j in np.ndindex(n, k):
        raw = heatmaps[i, j]
        y, x = np.unravel_index(raw.argmax(), raw.shape)
        result[i, j] = x, y
        if 1 < x < width - 1 and 0 < y < height:
            result[i, j, 0] += 0.25 * np.sign(raw[y, x + 1] - raw[y, x - 1])
        if 1 < y < height - 1 and 0 < x < width:
            result[i, j, 1] += 0.25 * np.sign(raw[y + 1, x] - raw[y - 1, x])
    return result


def unbiased_target(xy, width, height, sigma):
    """Gaussian around a sub-pixel point and whether its three-sigma box, one pixel wider, meets the map."""
    x, y = np.arange(width), np.arange(height)[:, None]
    low, high = xy - 3 * sigma, xy + 3 * sigma + 1
    if low[0] >= width or low[1] >= height or (high < 0).any():
        return np.zeros((height, width)), False
    return np.exp(-((x - xy[0]) ** 2 + (y - xy[1]) ** 2) / (2 * sigma**2)), True


def biased_target(xy, width, height, sigma):
    """Patch of 6 sigma + 1 pixels pasted around the rounded point, corner by corner as mmpose 1.x does."""
    radius = 3 * sigma
    side = np.arange(0, 2 * radius + 1)
    middle = (2 * radius + 1) // 2
    patch = np.exp(-((side - middle) ** 2 + (side[:, None] - middle) ** 2) / (2 * sigma**2))
    centre = (xy + np.float32(0.5)).astype(np.int64)
    left, top = (centre - radius).astype(np.int64)
    right, bottom = (centre + radius + 1).astype(np.int64)
    heatmap = np.zeros((height, width))
    if left >= width or top >= height or right < 0 or bottom < 0:
        return heatmap, False
    for row in range(max(0, top), min(height, bottom)):
        for column in range(max(0, left), min(width, right)):
            heatmap[row, column] = patch[row - top, column - left]
    return heatmap, True
