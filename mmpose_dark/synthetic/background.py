"""What stands behind and before the people: streets, rooms, textures, and objects to be confused by."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .materials import noise_tile, random_colour

__all__ = ['Backdrop', 'Occluder', 'draw_backdrop', 'draw_occluder']

XY = tuple[float, float] | np.ndarray

_NOISE = noise_tile(np.random.default_rng(7), size=256, octaves=6)


@dataclass
class Backdrop:
    """A place without people.

    Attributes:
        image: (H, W, 3) float32 BGR, 0-255.
        horizon: row at the height of the viewer's eyes, pixels; people's feet are below it.
    """

    image: np.ndarray
    horizon: float


@dataclass
class Occluder:
    """An object before the people.

    Attributes:
        image: (H, W, 3) float32 BGR.
        alpha: (H, W) float32, 0 to 1.
    """

    image: np.ndarray
    alpha: np.ndarray


def draw_backdrop(rng: np.random.Generator, width: int, height: int, horizon: float | None = None) -> Backdrop:
    """Draw a place without people.

    Args:
        rng: source of randomness.
        width: pixels.
        height: pixels.
        horizon: row at the height of the viewer's eyes, pixels; by default chosen.

    >>> draw_backdrop(np.random.default_rng(0), 32, 24).image.shape
    (24, 32, 3)
    """
    horizon = height * rng.uniform(0.18, 0.5) if horizon is None else horizon
    kind = rng.choice(3, p=[0.42, 0.38, 0.2])
    if kind == 0:
        image = _outdoors(rng, width, height, horizon)
    elif kind == 1:
        image = _indoors(rng, width, height, horizon)
    else:
        image = _texture(rng, width, height, rng.uniform(0.15, 0.9))
        image *= _ramp(rng, width, height, 0.35)
    for _ in range(rng.poisson(2.2)):
        _draw_object(rng, image, horizon)
    return Backdrop(np.clip(image, 0, 255), horizon)


def draw_occluder(rng: np.random.Generator, width: int, height: int) -> Occluder:
    """Draw one object in front of the people: a post, a box, a bush or a table.

    Args:
        rng: source of randomness.
        width: pixels.
        height: pixels.

    >>> draw_occluder(np.random.default_rng(0), 32, 24).alpha.shape
    (24, 32)
    """
    alpha = np.zeros((height, width), np.uint8)
    kind = rng.integers(4)
    x = rng.uniform(0, width)
    if kind == 0:
        half = rng.uniform(4, 11)
        _polygon(alpha, [(x - half, -5), (x + half, -5), (x + half, height + 5), (x - half, height + 5)], 255)
    elif kind == 1:
        w, h = rng.uniform(25, 75), rng.uniform(25, 80)
        top = height - h
        _polygon(alpha, [(x - w, top), (x + w, top + rng.normal(0, 4)), (x + w, height + 5), (x - w, height + 5)], 255)
    elif kind == 2:
        for _ in range(14):
            centre = (x + rng.normal(0, 22), height - abs(rng.normal(0, 20)))
            _ellipse(alpha, centre, (rng.uniform(8, 20), rng.uniform(7, 15)), 255)
    else:
        y = height * rng.uniform(0.72, 0.9)
        w = rng.uniform(50, 110)
        _polygon(alpha, [(x - w, y), (x + w, y), (x + w, y + 9), (x - w, y + 9)], 255)
        for side in (-0.85, 0.85):
            left, right = x + side * w - 4, x + side * w + 4
            _polygon(alpha, [(left, y), (right, y), (right, height + 5), (left, height + 5)], 255)
    image = _texture(rng, width, height, rng.uniform(0.1, 0.6)) * _ramp(rng, width, height, 0.3)
    return Occluder(np.clip(image, 0, 255), alpha.astype(np.float32) / 255)


def _noise(rng: np.random.Generator, width: int, height: int, zoom: tuple[float, float]) -> np.ndarray:
    """Cut (height, width) of smooth noise, 0 to 1, one pixel of it covering ``zoom`` (x, y) pixels."""
    size = _NOISE.shape[0]
    w, h = max(int(width / zoom[0]), 2), max(int(height / zoom[1]), 2)
    top, left = rng.integers(size, size=2)
    patch = _NOISE[(top + np.arange(h))[:, None] % size, (left + np.arange(w)) % size]
    return cv2.resize(patch, (width, height), interpolation=cv2.INTER_LINEAR)


def _texture(
    rng: np.random.Generator, width: int, height: int, contrast: float, colour: np.ndarray | None = None
) -> np.ndarray:
    """Two colours mixed by noise of a random grain."""
    grain = float(np.exp(rng.uniform(np.log(0.6), np.log(5))))
    first = random_colour(rng) if colour is None else colour
    second = first + (random_colour(rng) - first) * contrast
    mix = _noise(rng, width, height, (grain * rng.choice([1, 1, 3]), grain))[..., None]
    if rng.random() < 0.2:
        mix = (mix > 0.5).astype(np.float32)
    return first + (second - first) * mix


def _ramp(rng: np.random.Generator, width: int, height: int, strength: float) -> np.ndarray:
    """A slanted ramp of brightness, (height, width, 1), around 1."""
    a, b = rng.uniform(-strength, strength, 2)
    x, y = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)
    return (1 + a * x[None, :] + b * y[:, None])[..., None].astype(np.float32)


def _outdoors(rng: np.random.Generator, width: int, height: int, horizon: float) -> np.ndarray:
    image = np.empty((height, width, 3), np.float32)
    top, low = np.array([235, 190, 130.0]), np.array([245, 235, 225.0])
    if rng.random() < 0.35:  # overcast or evening
        top, low = random_colour(rng, value=(0.4, 0.9)), random_colour(rng, value=(0.6, 1.0))
    image[:] = top + (low - top) * np.linspace(0, 1, height, dtype=np.float32)[:, None, None] ** 0.6
    image += 40 * (_noise(rng, width, height, (3.0, 1.2))[..., None] - 0.5)
    row = int(horizon)
    x = np.arange(width + 1, step=8)
    for _ in range(rng.integers(0, 3)):  # hills
        ridge = horizon - np.abs(np.cumsum(rng.normal(0, 3.5, len(x)))) - rng.uniform(0, 12)
        _polygon(image, [(0, horizon + 2), *zip(x, ridge, strict=True), (width, horizon + 2)], random_colour(rng) * 0.7)
    for _ in range(rng.integers(0, 6)):  # houses
        _draw_house(rng, image, horizon)
    for _ in range(rng.integers(0, 4)):  # trees
        _draw_tree(rng, image, horizon)
    ground = np.array([(70, 120, 90), (110, 110, 110), (130, 175, 205), (90, 110, 130)], np.float32)[rng.integers(4)]
    below = height - row
    texture = _texture(rng, width, below, rng.uniform(0.1, 0.5), ground * rng.uniform(0.7, 1.25))
    image[row:] = texture * np.linspace(1.1, 0.85, below, dtype=np.float32)[:, None, None]
    if rng.random() < 0.4:  # a path or markings on the ground
        x0, x1 = rng.uniform(0, width, 2)
        spread = rng.uniform(8, 120)
        colour = image[row:].mean((0, 1)) * rng.uniform(0.7, 1.4)
        _polygon(image, [(x0 - 2, row), (x0 + 2, row), (x1 + spread, height), (x1 - spread, height)], colour)
    return image


def _indoors(rng: np.random.Generator, width: int, height: int, horizon: float) -> np.ndarray:
    colour = random_colour(rng, saturation=0.35, value=(0.3, 0.95))
    image = np.empty((height, width, 3), np.float32)
    image[:] = colour
    kind = rng.integers(4)
    second = colour * rng.uniform(0.75, 1.2)
    if kind == 0:  # striped wallpaper
        period = rng.integers(8, 40)
        image[:, (np.arange(width) % period) < period // 2] = second
    elif kind == 1:  # bricks
        _draw_bricks(rng, image, second)
    elif kind == 2:
        image = _texture(rng, width, height, 0.3, colour)
    floor_row = int(np.clip(horizon + height * rng.uniform(0.1, 0.35), 0, height - 12))
    for _ in range(rng.integers(0, 4)):
        _draw_frame(rng, image, floor_row)
    floor = random_colour(rng, saturation=0.4) * 0.6 + np.array([35, 55, 75], np.float32)
    below = height - floor_row
    image[floor_row:] = _texture(rng, width, below, 0.25, floor)
    if rng.random() < 0.6:  # boards running to the vanishing point
        centre = width * rng.uniform(0.2, 0.8)
        for x in np.arange(-2 * width, 3 * width, rng.integers(20, 70)):
            start = centre + (x - centre) * (floor_row - horizon + 4) / (height - horizon + 4)
            _line(image, (start, floor_row), (x, height), floor * 0.7, 1)
    _polygon(image, [(0, floor_row - 4), (width, floor_row - 4), (width, floor_row), (0, floor_row)], second * 0.8)
    return image * _ramp(rng, width, height, 0.25)


def _draw_bricks(rng: np.random.Generator, image: np.ndarray, mortar: np.ndarray) -> None:
    h, w = rng.integers(7, 14), rng.integers(16, 34)
    image *= (0.85 + 0.3 * _noise(rng, image.shape[1], image.shape[0], (2.0, 2.0)))[..., None]
    for i, y in enumerate(range(0, image.shape[0], h)):
        image[y : y + 1] = mortar
        image[y : y + h, (w // 2 if i % 2 else 0) :: w] = mortar


def _draw_house(rng: np.random.Generator, image: np.ndarray, horizon: float) -> None:
    w, h = rng.uniform(25, 90), rng.uniform(20, 110)
    x, bottom = rng.uniform(-20, image.shape[1]), horizon + rng.uniform(0, 6)
    colour = random_colour(rng, saturation=0.4, value=(0.3, 0.9))
    _polygon(image, [(x, bottom - h), (x + w, bottom - h), (x + w, bottom), (x, bottom)], colour)
    step = rng.uniform(8, 16)
    for wy in np.arange(bottom - h + 4, bottom - 6, step * 1.3):
        for wx in np.arange(x + 4, x + w - 6, step):
            a, b = step * 0.5, step * 0.7
            _polygon(image, [(wx, wy), (wx + a, wy), (wx + a, wy + b), (wx, wy + b)], colour * 0.55)


def _draw_tree(rng: np.random.Generator, image: np.ndarray, horizon: float) -> None:
    x, bottom, h = rng.uniform(0, image.shape[1]), horizon + rng.uniform(0, 14), rng.uniform(35, 110)
    w = h * 0.05
    trunk = [(x - w, bottom), (x + w, bottom), (x + w * 0.6, bottom - h), (x - w * 0.6, bottom - h)]
    _polygon(image, trunk, (45, 65, 85))
    green = np.array([50, 110, 70]) * rng.uniform(0.6, 1.4)
    for _ in range(7):
        at = (x + rng.normal(0, h * 0.16), bottom - h * rng.uniform(0.7, 1.1))
        _ellipse(image, at, (h * 0.17, h * 0.15), green * rng.uniform(0.75, 1.2))


def _draw_frame(rng: np.random.Generator, image: np.ndarray, floor_row: int) -> None:
    """A window, a painting, a door or a shelf on the wall."""
    w, h = rng.uniform(18, 80), rng.uniform(18, 70)
    x, y = rng.uniform(-10, image.shape[1] - 10), rng.uniform(0, max(floor_row - h, 1))
    if rng.random() < 0.3:
        h = floor_row - y
    corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
    _polygon(image, corners, random_colour(rng))
    inner = [(x + 3, y + 3), (x + w - 3, y + 3), (x + w - 3, y + h - 3), (x + 3, y + h - 3)]
    _polygon(image, inner, random_colour(rng))
    if rng.random() < 0.5:
        _line(image, (x + w / 2, y), (x + w / 2, y + h), random_colour(rng), 2)
        _line(image, (x, y + h / 2), (x + w, y + h / 2), random_colour(rng), 2)


def _draw_object(rng: np.random.Generator, image: np.ndarray, horizon: float) -> None:
    """Something that is not a person: a ball, a box, a post, a disc on a stick, a limb-like bar."""
    height, width = image.shape[:2]
    colour, second = random_colour(rng), random_colour(rng)
    foot = np.array([rng.uniform(0, width), rng.uniform(horizon, height)])
    size = 0.35 * (foot[1] - horizon) + 5
    kind = rng.integers(5)
    if kind == 0:
        _ellipse(image, foot - (0, size * 0.5), (size * 0.5, size * 0.5), colour)
        _ellipse(image, foot - (size * 0.15, size * 0.65), (size * 0.2, size * 0.2), colour * 0.6 + 90)
    elif kind == 1:
        w, h, d = size * rng.uniform(0.4, 1.3), size * rng.uniform(0.4, 2), size * 0.3
        x, y = foot
        _polygon(image, [(x - w, y - h), (x + w, y - h), (x + w, y), (x - w, y)], colour)
        _polygon(image, [(x - w, y - h), (x + w, y - h), (x + w - d, y - h - d), (x - w + d, y - h - d)], colour * 0.7)
    elif kind == 2:
        _line(image, foot, foot - (rng.normal(0, 3), size * rng.uniform(2, 6)), colour, int(1 + size * 0.12))
    elif kind == 3:
        top = foot - (0, size * rng.uniform(1.5, 3.5))
        _line(image, foot, top, second, int(1 + size * 0.08))
        _ellipse(image, top, (size * rng.uniform(0.25, 0.6), size * rng.uniform(0.25, 0.6)), colour)
    else:
        for _ in range(3):
            end = foot + rng.normal(0, size, 2)
            _line(image, foot, end, colour, int(2 + size * 0.2))
            foot = end


def _fixed(points: Sequence[XY] | XY) -> np.ndarray:
    """Coordinates in sixteenths of a pixel, as OpenCV takes them."""
    return np.rint(np.asarray(points, np.float64) * 16).astype(np.int32)


def _paint(colour: Sequence[float] | np.ndarray | float) -> tuple[float, ...]:
    return tuple(float(c) for c in np.atleast_1d(np.clip(colour, 0, 255)))


def _polygon(image: np.ndarray, points: Sequence[XY], colour: Sequence[float] | np.ndarray | float) -> None:
    cv2.fillPoly(image, [_fixed(points)], _paint(colour), cv2.LINE_AA if image.dtype == np.uint8 else cv2.LINE_8, 4)


def _line(image: np.ndarray, start: XY, end: XY, colour: np.ndarray, thickness: int) -> None:
    start, end = _fixed([start, end])
    cv2.line(image, start.tolist(), end.tolist(), _paint(colour), thickness, cv2.LINE_8, 4)


def _ellipse(image: np.ndarray, centre: XY, half: XY, colour: np.ndarray | float) -> None:
    line = cv2.LINE_AA if image.dtype == np.uint8 else cv2.LINE_8
    cv2.ellipse(image, _fixed(centre).tolist(), _fixed(half).tolist(), 0, 0, 360, _paint(colour), -1, line, 4)
