"""Anti-aliased sub-pixel primitives on uint8 images.

Coordinates are pixels with the integer at the pixel's centre. Functions ending in ``_`` draw into
the array they are given.
"""

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ..utils.errors import InputError, InputTypeError
from ..utils.foreign_types import is_pil_image, is_tensor

if TYPE_CHECKING:
    from PIL.Image import Image as PilImage
    from torch import Tensor

__all__ = ['as_canvas', 'draw_disc_', 'draw_ellipse_', 'draw_line_', 'draw_text_', 'text_size']

_SHIFT = 4  # cv2 takes fixed-point numbers with this many fractional bits
_FAR = 1e6  # further out than any image; keeps the fixed-point numbers within 32 bits
_LONGEST_AXIS = 2e4  # of an ellipse, pixels: OpenCV makes a polygon of it
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def as_canvas(image: 'np.ndarray | Tensor | PilImage') -> np.ndarray:
    """Return a colour copy of an image to draw on.

    Args:
        image: (H, W, 3) or (H, W) or (H, W, 1), uint8, also as a tensor; or a PIL image, which is taken as RGB; not
            modified.

    Returns:
        (H, W, 3) uint8, contiguous, never sharing memory with ``image``.

    Raises:
        InputTypeError: not a uint8 array.
        InputError: another shape.

    >>> as_canvas(np.zeros((2, 4), np.uint8)).shape
    (2, 4, 3)
    """
    if is_pil_image(image):
        image = np.asarray(image.convert('RGB'))
    elif is_tensor(image):
        image = image.detach().cpu().numpy()
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        raise InputTypeError(
            f'an image to draw on is a uint8 array, got {getattr(image, "dtype", type(image).__name__)}'
        )
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[..., 0]
    if image.ndim == 2:
        return np.repeat(image[..., None], 3, axis=2)
    if image.ndim != 3 or image.shape[2] != 3:
        raise InputError(f'an image to draw on has the shape (H, W, 3) or (H, W), got {image.shape}')
    return np.array(image, order='C')


def _fixed(xy: np.ndarray) -> tuple[int, int]:
    x, y = np.round(np.clip(xy, -_FAR, _FAR) * (1 << _SHIFT)).astype(int)
    return int(x), int(y)


def _window(canvas: np.ndarray, points: np.ndarray, margin: float) -> tuple[slice, slice]:
    """Rows and columns of the canvas that a shape around ``points`` (n, 2) can touch."""
    height, width = canvas.shape[:2]
    low = np.floor(np.clip(points.min(axis=0) - margin, 0, (width, height))).astype(int)
    high = np.ceil(np.clip(points.max(axis=0) + margin + 1, 0, (width, height))).astype(int)
    return slice(low[1], max(low[1], high[1])), slice(low[0], max(low[0], high[0]))


def _blended_(canvas: np.ndarray, points: np.ndarray, margin: float, alpha: float, draw: Callable) -> None:
    """Call ``draw(target, points)`` on the canvas, or on a copy of the touched window that is then mixed in."""
    if alpha >= 1:
        draw(canvas, points)
        return
    rows, columns = _window(canvas, points, margin)
    window = canvas[rows, columns]
    if window.size and alpha > 0:
        layer = np.array(window, order='C')
        draw(layer, points - (columns.start, rows.start))
        canvas[rows, columns] = cv2.addWeighted(layer, alpha, np.ascontiguousarray(window), 1 - alpha, 0)


def draw_line_(
    canvas: np.ndarray, start: np.ndarray, end: np.ndarray, *, color: Sequence[int], width: float, alpha: float = 1.0
) -> None:
    """Draw an anti-aliased line into ``canvas``.

    Args:
        canvas: (H, W, 3) uint8, modified.
        start: (2,) x, y in pixels, fractions count.
        end: (2,) x, y in pixels.
        color: three numbers in the canvas' channel order.
        width: pixels; rounded, at least 1.
        alpha: opacity, 0..1.

    >>> canvas = np.zeros((9, 9, 3), np.uint8)
    >>> draw_line_(canvas, np.array([1, 4]), np.array([7, 4]), color=(0, 0, 255), width=3)
    >>> canvas[4, 5].tolist(), canvas[8, 5].tolist()
    ([0, 0, 255], [0, 0, 0])
    """
    thickness = max(1, round(width))
    tint = tuple(map(int, color))

    def draw(target: np.ndarray, ends: np.ndarray) -> None:
        """Into (h, w, 3), between ends (2, 2)."""
        cv2.line(target, _fixed(ends[0]), _fixed(ends[1]), tint, thickness, cv2.LINE_AA, _SHIFT)

    _blended_(canvas, np.array([start, end], dtype=float), thickness + 2, alpha, draw)


def draw_disc_(
    canvas: np.ndarray, center: np.ndarray, *, color: Sequence[int], radius: float, alpha: float = 1.0
) -> None:
    """Draw an anti-aliased filled circle into ``canvas``.

    Args:
        canvas: (H, W, 3) uint8, modified.
        center: (2,) x, y in pixels, fractions count.
        color: three numbers in the canvas' channel order.
        radius: pixels, fractions count.
        alpha: opacity, 0..1.

    >>> canvas = np.zeros((9, 9, 3), np.uint8)
    >>> draw_disc_(canvas, np.array([4, 4]), color=(255, 0, 0), radius=2, alpha=0.5)
    >>> canvas[4, 4].tolist()
    [128, 0, 0]
    """
    scaled = max(1, round(radius * (1 << _SHIFT)))
    tint = tuple(map(int, color))

    def draw(target: np.ndarray, centers: np.ndarray) -> None:
        """Into (h, w, 3), around centers (1, 2)."""
        cv2.circle(target, _fixed(centers[0]), scaled, tint, -1, cv2.LINE_AA, _SHIFT)

    _blended_(canvas, np.array([center], dtype=float), radius + 2, alpha, draw)


def draw_ellipse_(
    canvas: np.ndarray,
    center: np.ndarray,
    *,
    half_axes: np.ndarray,
    angle: float,
    color: Sequence[int],
    alpha: float = 0.35,
) -> None:
    """Draw a filled ellipse with a rim of twice its opacity into ``canvas``.

    Args:
        canvas: (H, W, 3) uint8, modified.
        center: (2,) x, y in pixels, fractions count.
        half_axes: (2,) pixels, fractions count; one that reaches further than any image is shortened.
        angle: radians from x towards y at which the first axis points.
        color: three numbers in the canvas' channel order.
        alpha: opacity of the inside, 0..1.

    >>> canvas = np.zeros((9, 9, 3), np.uint8)
    >>> draw_ellipse_(canvas, np.array([4, 4]), half_axes=np.array([3, 1]), angle=0, color=(255, 0, 0), alpha=1)
    >>> canvas[4, 6].tolist(), canvas[7, 4].tolist()
    ([255, 0, 0], [0, 0, 0])
    """
    tint = tuple(map(int, color))
    axes = np.clip(half_axes, 0, _LONGEST_AXIS)
    scaled = tuple(max(1, round(float(axis) * (1 << _SHIFT))) for axis in axes)
    degrees = float(np.degrees(angle))

    def draw(target: np.ndarray, centers: np.ndarray, thickness: int = -1) -> None:
        """Into (h, w, 3), around centers (1, 2)."""
        at = _fixed(centers[0])
        cv2.ellipse(target, at, scaled, degrees, 0, 360, tint, thickness, cv2.LINE_AA, _SHIFT)

    middle, margin = np.array([center], dtype=float), float(axes.max()) + 2
    _blended_(canvas, middle, margin, alpha, draw)
    _blended_(canvas, middle, margin, min(1.0, 2 * alpha), functools.partial(draw, thickness=1))


def _font(height: float) -> tuple[float, int]:
    (_, unit), _ = cv2.getTextSize('H', _FONT, 1.0, 1)
    return height / unit, 1 if height < 14 else 2


def text_size(text: str, height: float) -> tuple[int, int]:
    """Return width and height in pixels that ``text`` takes when its capitals are ``height`` high.

    >>> w, h = text_size('nose', 10)
    >>> w > h
    True
    """
    scale, thickness = _font(height)
    (width, tall), baseline = cv2.getTextSize(text, _FONT, scale, thickness)
    return width, tall + baseline


def draw_text_(
    canvas: np.ndarray,
    text: str,
    *,
    xy: tuple[float, float],
    height: float = 10,
    color: Sequence[int] = (255, 255, 255),
    background: Sequence[int] | None = None,
) -> None:
    """Write ``text`` into ``canvas``, moved inwards where it would leave the image.

    Args:
        canvas: (H, W, 3) uint8, modified.
        text: one line.
        xy: left and top of the text in pixels.
        height: height of a capital letter in pixels.
        color: three numbers in the canvas' channel order.
        background: colour of a filled box behind the text; None draws none.

    >>> canvas = np.zeros((20, 60, 3), np.uint8)
    >>> draw_text_(canvas, 'nose', xy=(100, 100))
    >>> bool(canvas.any())
    True
    """
    scale, thickness = _font(height)
    (width, tall), _ = cv2.getTextSize(text, _FONT, scale, thickness)
    pad = max(1, round(height * 0.3)) if background is not None else 0
    x = round(min(max(xy[0], 0), max(0, canvas.shape[1] - width - 2 * pad)))
    y = round(min(max(xy[1], 0), max(0, canvas.shape[0] - tall - 2 * pad)))
    if background is not None:
        cv2.rectangle(canvas, (x, y), (x + width + 2 * pad, y + tall + 2 * pad), tuple(map(int, background)), -1)
    origin = (x + pad, y + pad + tall)
    cv2.putText(canvas, text, origin, _FONT, scale, tuple(map(int, color)), thickness, cv2.LINE_AA)
