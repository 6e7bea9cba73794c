"""What surfaces look like: cloth with patterns, skin, and the painted head.

Patterns are functions of the place on the surface, so they bend with the limb. Colours are BGR, 0-255.
"""

from dataclasses import dataclass

import numpy as np

from .body import EYE

__all__ = ['PATTERNS', 'SKIN_TONES', 'Cloth', 'Face', 'noise_tile', 'random_cloth', 'random_colour']

SKIN_TONES = np.array(
    [(196, 218, 244), (172, 200, 234), (150, 180, 222), (128, 160, 208), (98, 130, 178), (72, 100, 146), (48, 70, 108)],
    np.float32,
)
PATTERNS = ('plain', 'plain', 'speckle', 'stripes', 'stripes along', 'checks', 'dots', 'blotches', 'band')


def noise_tile(rng: np.random.Generator, size: int = 64, octaves: int = 4) -> np.ndarray:
    """Smooth noise that tiles the plane.

    Args:
        rng: source of randomness.
        size: side of the tile, pixels; a power of two.
        octaves: number of scales that are summed, each with half the amplitude of the coarser one.

    Returns:
        (size, size) float32, 0 to 1.

    >>> tile = noise_tile(np.random.default_rng(0), size=32)
    >>> tile.shape, float(tile.min()), float(tile.max())
    ((32, 32), 0.0, 1.0)
    """
    total = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        cells = 4 << octave
        coarse = rng.random((cells, cells)).astype(np.float32)
        at = np.arange(size) * cells / size
        low = at.astype(int)
        mix = (at - low).astype(np.float32)
        mix = mix * mix * (3 - 2 * mix)
        rows = coarse[low] * (1 - mix)[:, None] + coarse[(low + 1) % cells] * mix[:, None]
        total += (rows[:, low] * (1 - mix) + rows[:, (low + 1) % cells] * mix) * 0.5**octave
    total -= total.min()
    return total / total.max()


_NOISE = noise_tile(np.random.default_rng(20200319))


def _look_up(u: np.ndarray, v: np.ndarray, offset: tuple[float, float]) -> np.ndarray:
    size = _NOISE.shape[0]
    rows = ((u + offset[0]) * size).astype(np.int32) % size
    columns = ((v + offset[1]) * size).astype(np.int32) % size
    return _NOISE[rows, columns]


@dataclass(frozen=True)
class Cloth:
    """A fabric.

    Attributes:
        colour: (3,) BGR of the ground.
        second: (3,) BGR of the pattern.
        pattern: one of :data:`PATTERNS`.
        period: size of the pattern, body heights.
        grain: strength of the fabric's own unevenness, 0 to 1.
        offset: where in the noise the fabric lies, so that no two look alike.
    """

    colour: np.ndarray
    second: np.ndarray
    pattern: str = 'plain'
    period: float = 0.03
    grain: float = 0.1
    offset: tuple[float, float] = (0.0, 0.0)

    def paint(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Colour of points of the surface.

        Args:
            u: (M,) distance along the limb, body heights.
            v: (M,) distance around it, body heights.

        Returns:
            (M, 3) float32 BGR.

        >>> stripes = Cloth(np.zeros(3), np.full(3, 200.0), 'stripes', period=0.1, grain=0)
        >>> stripes.paint(np.array([0.02, 0.07]), np.zeros(2))[:, 0].tolist()
        [200.0, 0.0]
        """
        a, b = u / self.period, v / self.period
        if self.pattern == 'stripes':
            mark = (a % 1) < 0.45
        elif self.pattern == 'stripes along':
            mark = (b % 1) < 0.3
        elif self.pattern == 'checks':
            mark = ((a % 1) < 0.5) * 0.5 + ((b % 1) < 0.5) * 0.5
        elif self.pattern == 'dots':
            mark = ((a % 1) - 0.5) ** 2 + (((b + 0.5 * np.floor(a)) % 1) - 0.5) ** 2 < 0.08
        elif self.pattern == 'blotches':
            mark = _look_up(a * 0.12, b * 0.12, self.offset) > 0.52
        elif self.pattern == 'band':
            mark = np.abs(a - 2.2) < 0.7
        elif self.pattern == 'speckle':
            mark = _look_up(a * 0.6, b * 0.6, self.offset)
        else:
            mark = np.zeros(u.shape, np.float32)
        mark = mark.astype(np.float32)[:, None]
        shade = 1 + self.grain * (_look_up(u * 6, v * 6, self.offset) - 0.5)
        return (self.colour + (self.second - self.colour) * mark) * shade[:, None]


@dataclass(frozen=True)
class Face:
    """The head's surface: skin, hair above a line, eyes, brows, a mouth, perhaps a beard.

    Attributes:
        skin: (3,) BGR.
        hair: (3,) BGR.
        hairline: how far up the hair begins; above 1 nobody has any.
        beard: whether the chin is covered.
        glasses: whether there are dark rims around the eyes.
        lips: (3,) BGR.
        offset: where in the noise the hair lies.
    """

    skin: np.ndarray
    hair: np.ndarray
    hairline: float = 0.06
    beard: bool = False
    glasses: bool = False
    lips: np.ndarray | None = None
    offset: tuple[float, float] = (0.0, 0.0)

    def paint(self, d: np.ndarray) -> np.ndarray:
        """Colour of points of the head.

        Args:
            d: (M, 3) unit vectors in the head's frame: left, up, front.

        Returns:
            (M, 3) float32 BGR.
        """
        x, y, z = d[:, 0], d[:, 1], d[:, 2]
        strands = _look_up(np.arctan2(x, y + 1.3) * 2.5, z * 0.25, self.offset)
        colour = np.broadcast_to(self.skin, d.shape).astype(np.float32)
        colour = colour * (1 - 0.12 * np.exp(-((y + 0.25) ** 2 + (np.abs(x) - 0.5) ** 2) / 0.05) * (z > 0))[:, None]
        hair = self.hair * (0.65 + 0.7 * strands)[:, None]
        front = z > 0.2
        if self.beard:
            chin = front & (y < -0.38 + 0.3 * np.abs(x)) & (y > -1.1)
            colour[chin] = hair[chin] * 0.9
        mouth = front & (np.abs(y + 0.5) < 0.07) & (np.abs(x) < 0.27)
        colour[mouth] = self.lips if self.lips is not None else self.skin * 0.6
        line = y * 0.86 - z * 0.5 + 0.06 * (strands - 0.5) + 0.1 * np.maximum(0, np.abs(x) - 0.5)
        covered = line > self.hairline
        colour[covered] = hair[covered]
        for sign in (1, -1):
            along, above = x - sign * EYE[0], y - EYE[1]
            brow = front & (np.abs(above - 0.22 + 0.25 * along**2) < 0.05) & (np.abs(along) < 0.21)
            colour[brow] = self.hair * 0.8
            distance = (along / 0.21) ** 2 + (above / 0.13) ** 2
            if self.glasses:
                colour[front & (distance < 2.4)] = (40, 36, 36)
            colour[front & (distance < 1)] = (235, 240, 242)
            colour[front & (along**2 + above**2 < 0.0115)] = (35, 30, 30)
        return colour


def random_colour(
    rng: np.random.Generator, *, saturation: float = 0.55, value: tuple[float, float] = (0.15, 0.95)
) -> np.ndarray:
    """Choose a colour from all hues; greys and muted colours are the most frequent.

    Args:
        rng: source of randomness.
        saturation: about how strong the colours are, 0 to 1.
        value: least and largest brightness, 0 to 1.

    Returns:
        (3,) float32 BGR, 0-255.

    >>> random_colour(np.random.default_rng(0), saturation=0, value=(1, 1)).tolist()
    [255.0, 255.0, 255.0]
    """
    hue, s, v = rng.random() * 6, rng.random() ** 1.5 * saturation * 1.6, rng.uniform(*value)
    ramp = np.clip(np.abs((hue + np.array([2.0, 4.0, 0.0])) % 6 - 3) - 1, 0, 1)
    return (255 * v * (1 - min(s, 1.0) * (1 - ramp))).astype(np.float32)


def random_cloth(rng: np.random.Generator, *, plain: float = 0.4) -> Cloth:
    """Choose a fabric; ``plain`` is the chance of one without a pattern."""
    pattern = 'plain' if rng.random() < plain else PATTERNS[rng.integers(len(PATTERNS))]
    return Cloth(
        colour=random_colour(rng),
        second=random_colour(rng),
        pattern=pattern,
        period=float(rng.uniform(0.018, 0.055)),
        grain=float(rng.uniform(0.05, 0.3)),
        offset=(float(rng.random()), float(rng.random())),
    )
