"""Heatmaps as images: colour-mapped, over an image, and as a grid with names.

Heatmaps are (K, H, W) scores, about 0..1. Pixel i of a heatmap row lies at ``i * input_width / W``
in the network's input, without a half-pixel shift, as the codec has it.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from ..drawing.canvas import as_canvas, draw_disc_
from ..structures.heatmap import revert_heatmap
from ..utils.errors import InputError
from ..utils.foreign_types import as_numbers
from .sheets import contact_sheet

__all__ = ['colorize_heatmap', 'heatmap_grid', 'heatmaps_to_image', 'overlay_heatmap', 'resize_heatmaps']


def _unit(heatmap: np.ndarray, vmax: float | None) -> np.ndarray:
    """Scale to 0..1 by ``vmax`` (the map's maximum where None); NaN and negative values become 0."""
    values = np.nan_to_num(as_numbers(heatmap, 'heatmap', np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    top = float(values.max(initial=0.0)) if vmax is None else float(vmax)
    return np.clip(values / top, 0, 1) if top > 0 else np.zeros_like(values)


def colorize_heatmap(heatmap: np.ndarray, *, vmax: float | None = None) -> np.ndarray:
    """Map values to colours: 0 is dark blue, ``vmax`` dark red (the "turbo" map).

    Args:
        heatmap: (H, W); NaN counts as 0.
        vmax: value of the last colour; None takes the largest value.

    Returns:
        (H, W, 3) uint8, red first.

    >>> low, high = colorize_heatmap(np.array([[0.0, 1.0]]))[0]
    >>> bool(low[2] > low[0] and high[0] > high[2])
    True
    """
    grey = np.round(_unit(heatmap, vmax) * 255).astype(np.uint8)
    return np.ascontiguousarray(cv2.applyColorMap(grey, cv2.COLORMAP_TURBO)[..., ::-1])


def resize_heatmaps(heatmaps: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    """Enlarge heatmaps so that pixel i lands at ``i * size / heatmap size``.

    Args:
        heatmaps: (K, H, W).
        size_wh: width and height of the result.

    Returns:
        (K, height, width) float32.

    >>> resize_heatmaps(np.array([[[0.0, 1.0]]]), (4, 1)).tolist()
    [[[0.0, 0.5, 1.0, 0.5]]]
    """
    heatmaps = as_numbers(heatmaps, 'heatmaps', np.float32)
    if heatmaps.ndim != 3:
        raise InputError(f'heatmaps must have the shape (K, H, W), got {heatmaps.shape}')
    _, height, width = heatmaps.shape
    matrix = np.array([[size_wh[0] / width, 0, 0], [0, size_wh[1] / height, 0]])
    return _warp(heatmaps, matrix, size_wh)


def heatmaps_to_image(
    heatmaps: np.ndarray, input_center: np.ndarray, *, input_scale: np.ndarray, image_hw: tuple[int, int]
) -> np.ndarray:
    """Put heatmaps of an upright crop back where the crop was taken from.

    Args:
        heatmaps: (K, H, W) of one crop.
        input_center: (2,) centre of the crop, image pixels.
        input_scale: (2,) width and height of the crop, image pixels.
        image_hw: height and width of the image.

    Returns:
        (K, image height, image width) float32, zero outside the crop.

    >>> maps = np.zeros((1, 4, 4)); maps[0, 2, 1] = 1
    >>> big = heatmaps_to_image(maps, np.array([10, 10]), input_scale=np.array([8, 8]), image_hw=(20, 20))
    >>> np.argwhere(big[0] == 1).tolist()
    [[10, 8]]
    """
    return revert_heatmap(heatmaps, input_center, input_scale, image_hw)


def _warp(heatmaps: np.ndarray, matrix: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    maps = np.asarray(heatmaps, dtype=np.float32)
    size = (int(size_wh[0]), int(size_wh[1]))
    warped = [cv2.warpAffine(m, matrix, size, flags=cv2.INTER_LINEAR) for m in maps]
    return np.stack(warped) if warped else np.zeros((0, size[1], size[0]), np.float32)


def overlay_heatmap(
    image: np.ndarray, heatmaps: np.ndarray, *, alpha: float = 0.75, vmax: float | None = None
) -> np.ndarray:
    """Lay the largest value over the keypoints on an image; where there is none the image shows.

    Args:
        image: (H, W, 3) uint8, red first; not modified.
        heatmaps: (K, h, w) or (h, w); enlarged to the image where the size differs.
        alpha: opacity at the largest value, 0..1.
        vmax: value of the last colour; None takes the largest value.

    Returns:
        (H, W, 3) uint8, a new image.

    >>> drawn = overlay_heatmap(np.full((1, 2, 3), 9, np.uint8), np.array([[0.0, 1.0]]))
    >>> drawn[0, 0].tolist(), bool(drawn[0, 1, 0] > drawn[0, 1, 2])
    ([9, 9, 9], True)
    """
    canvas = as_canvas(image)
    maps = as_numbers(heatmaps, 'heatmaps', np.float32)
    maps = maps[None] if maps.ndim == 2 else maps
    if maps.ndim != 3:
        raise InputError(f'heatmaps must have the shape (K, H, W) or (H, W), got {np.shape(heatmaps)}')
    heat = _unit(maps.max(axis=0) if len(maps) else np.zeros(maps.shape[1:]), vmax)
    if heat.shape != canvas.shape[:2]:
        heat = resize_heatmaps(heat[None], (canvas.shape[1], canvas.shape[0]))[0]
    opacity = alpha * np.minimum(1.0, 2.0 * heat)[..., None]
    return np.round(canvas * (1 - opacity) + colorize_heatmap(heat, vmax=1.0) * opacity).astype(np.uint8)


def heatmap_grid(
    heatmaps: np.ndarray,
    *,
    image: np.ndarray | None = None,
    names: Sequence[str] | None = None,
    keypoints: np.ndarray | None = None,
    columns: int | None = None,
    cell_wh: tuple[int, int] | None = None,
    vmax: float | None = 1.0,
) -> np.ndarray:
    """Draw each keypoint's heatmap in a cell of its own, titled with its name and largest value.

    Args:
        heatmaps: (K, h, w).
        image: (H, W, 3) uint8, red first, the network's input, shown faintly behind; None shows none.
        names: K names; None numbers them.
        keypoints: (K, 2) x, y marked with a white point, in pixels of ``image`` (of the heatmap
            where there is no image); NaN marks none.
        columns: cells in a row; None makes the sheet about as wide as high.
        cell_wh: width and height of a cell; None takes the image's.
        vmax: value of the last colour; None takes the largest value of all maps.

    Returns:
        (height, width, 3) uint8, red first.

    Raises:
        InputError: shapes or numbers of names that do not fit.

    >>> heatmap_grid(np.zeros((2, 4, 4)), names=['nose', 'eye'], cell_wh=(50, 50), columns=2).shape
    (77, 118, 3)
    """
    maps = as_numbers(heatmaps, 'heatmaps', np.float32)
    if maps.ndim != 3:
        raise InputError(f'heatmaps must have the shape (K, H, W), got {np.shape(heatmaps)}')
    count, height, width = maps.shape
    titles = [str(i) for i in range(count)] if names is None else list(names)
    if len(titles) != count:
        raise InputError(f'{len(titles)} names given for {count} heatmaps')
    enlarge = max(1, round(160 / max(1, width))) if image is None else 1
    size = (width * enlarge, height * enlarge) if image is None else (image.shape[1], image.shape[0])
    background = None if image is None else (as_canvas(image) * 0.55).astype(np.uint8)
    if vmax is None:
        vmax = max(1e-6, float(np.nan_to_num(maps).max(initial=0.0)))
    cells = [_cell(big, background, vmax) for big in resize_heatmaps(maps, size)]
    for k, cell in enumerate(cells):
        if keypoints is not None and np.isfinite(keypoints[k]).all():
            at, radius = np.asarray(keypoints[k], dtype=float) * enlarge, max(1.5, size[0] / 100)
            draw_disc_(cell, at, color=(0, 0, 0), radius=radius + 1)
            draw_disc_(cell, at, color=(255, 255, 255), radius=radius)
        titles[k] = f'{titles[k]}  {np.nan_to_num(maps[k]).max(initial=0.0):.2f}'
    return contact_sheet(cells, titles=titles, columns=columns, cell_wh=cell_wh)


def _cell(heatmap: np.ndarray, background: np.ndarray | None, vmax: float) -> np.ndarray:
    """A heatmap (H, W) in colours, over ``background`` (H, W, 3) if there is one."""
    if background is None:
        return colorize_heatmap(heatmap, vmax=vmax)
    return overlay_heatmap(background, heatmap, alpha=0.9, vmax=vmax)
