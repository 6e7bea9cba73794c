"""The camera of a drawn video: from metres on the ground to pixels, and how it moves."""

from dataclasses import dataclass

import numpy as np

__all__ = ['FAR', 'NEAR', 'PITCH', 'CameraMotion', 'View', 'sample_motion']

NEAR, FAR = 4.7, 9.0
"""Metres from the camera between which people walk."""
PITCH = 4.0
"""Degrees by which the camera looks down."""


@dataclass(frozen=True)
class View:
    """A camera that stands still; each person is seen in parallel projection at the scale of its distance.

    Attributes:
        width: of the image, pixels.
        height: of the image, pixels.
        horizon: row at the height of the camera, pixels.
    """

    width: int
    height: int
    horizon: float

    @property
    def focal(self) -> float:
        """Pixels; somebody of 1.7 m at `NEAR` is four fifths of the image high."""
        return 2.25 * self.height

    def half_width(self, z: float) -> float:
        """Metres from the middle to the image's edge, ``z`` metres away."""
        return 0.5 * self.width * z / self.focal

    def ground(self, x: float, z: float) -> tuple[float, float]:
        """Return the place in the image, pixels, of a place on the ground, metres.

        >>> tuple(round(v, 1) for v in View(320, 240, horizon=60.0).ground(0.0, NEAR))
        (159.5, 232.8)
        """
        below = (0.97 * self.height - self.horizon) * NEAR / z
        return 0.5 * (self.width - 1) + self.focal * x / z, self.horizon + below

    def scale(self, height: float, z: float) -> float:
        """Return the pixels of somebody ``height`` metres high, ``z`` metres away."""
        return self.focal * height / z


@dataclass(frozen=True)
class CameraMotion:
    """Turns of the camera, which move the whole image: a sum of sines.

    Attributes:
        amplitude: (2, M) pixels, in x and in y.
        frequency: (2, M) turns a second.
        phase: (2, M) radians.
    """

    amplitude: np.ndarray
    frequency: np.ndarray
    phase: np.ndarray

    def at(self, time: float) -> np.ndarray:
        """Return by how much the image is moved at ``time`` seconds: (2,) x, y in pixels."""
        return (self.amplitude * np.sin(2 * np.pi * self.frequency * time + self.phase)).sum(1)

    @property
    def reach(self) -> np.ndarray:
        """(2,) x, y in pixels, more than it ever moves."""
        return np.ceil(np.abs(self.amplitude).sum(1)) + 2


def sample_motion(rng: np.random.Generator, camera: str, width: int, height: int) -> CameraMotion:
    """Choose how a camera moves.

    Args:
        rng: source of randomness.
        camera: ``'still'``, ``'pan'`` or ``'shake'``.
        width: of the image, pixels.
        height: of the image, pixels.

    >>> sample_motion(np.random.default_rng(0), 'still', 320, 240).at(1.0).tolist()
    [0.0, 0.0]
    """
    if camera == 'pan':
        amplitude = np.array([[0.22 * width], [0.03 * height]])
        frequency = np.array([[rng.uniform(0.1, 0.18)], [rng.uniform(0.1, 0.2)]])
    elif camera == 'shake':
        amplitude = height * np.array([0.03, 0.012, 0.006, 0.003]) * rng.uniform(0.7, 1.3, (2, 4))
        frequency = np.array([0.4, 1.4, 2.9, 5.3]) * rng.uniform(0.8, 1.25, (2, 4))
    else:
        amplitude = frequency = np.zeros((2, 1))
    return CameraMotion(amplitude, frequency, rng.uniform(0, 2 * np.pi, amplitude.shape))
