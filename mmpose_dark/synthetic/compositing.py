"""Putting drawn people into a place: light, shadows on the ground, one layer over the other."""

import cv2
import numpy as np

from .render import Layer, Light

__all__ = ['cast_shadows', 'layer_overlap', 'paste_layer', 'sample_light']


def layer_overlap(layer: Layer, width: int, height: int) -> tuple[slice, slice, tuple[slice, slice]]:
    """Rows and columns of an image that a layer covers, and the same rectangle inside the layer.

    >>> empty = np.zeros((4, 6), np.float32)
    >>> layer = Layer(-2, 1, np.zeros((4, 6, 3), np.uint8), empty, empty, np.zeros((17, 2)), np.zeros(17, bool))
    >>> layer_overlap(layer, 10, 3)
    (slice(1, 3, None), slice(0, 4, None), (slice(0, 2, None), slice(2, 6, None)))
    """
    h, w = layer.alpha.shape
    x0, x1 = max(layer.left, 0), min(layer.left + w, width)
    y0, y1 = max(layer.top, 0), min(layer.top + h, height)
    x1, y1 = max(x0, x1), max(y0, y1)
    inner = (slice(y0 - layer.top, y1 - layer.top), slice(x0 - layer.left, x1 - layer.left))
    return slice(y0, y1), slice(x0, x1), inner


def paste_layer(image: np.ndarray, layer: Layer) -> None:
    """Draw a layer over an image (H, W, 3) float32 BGR, in place."""
    rows, columns, inner = layer_overlap(layer, image.shape[1], image.shape[0])
    alpha = layer.alpha[inner][..., None]
    image[rows, columns] += (layer.colour[inner] - image[rows, columns]) * alpha


def sample_light(rng: np.random.Generator) -> Light:
    """Choose where the light comes from, and its colour."""
    direction = np.array([rng.normal(0, 0.7), rng.uniform(0.4, 1.0), rng.uniform(0.3, 1.0)])
    warmth = rng.normal(0, 0.05)
    return Light(
        direction / np.linalg.norm(direction),
        ambient=float(rng.uniform(0.45, 0.75)),
        diffuse=float(rng.uniform(0.3, 0.6)),
        colour=(float(1 - warmth), 1.0, float(1 + warmth)),
    )


def cast_shadows(image: np.ndarray, layers: list[Layer]) -> np.ndarray:
    """Darken the ground under the people; (H, W, 3) float32, a new image."""
    height, width = image.shape[:2]
    shade = np.zeros((height // 2, width // 2), np.float32)
    for layer in layers:
        h, w = layer.alpha.shape
        centre = (round((layer.left + w / 2) / 2), round((layer.top + h - 2) / 2))
        cv2.ellipse(shade, centre, (max(w // 5, 2), max(h // 44, 1)), 0, 0, 360, 1.0, -1)
    shade = cv2.GaussianBlur(shade, (0, 0), 2.5)
    return image * (1 - 0.45 * cv2.resize(shade, (width, height)))[..., None]
