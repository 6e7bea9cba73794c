"""All that a drawn video depends on besides its seed; without imports, for command lines."""

from dataclasses import dataclass

from ..utils.errors import InputError

__all__ = ['CAMERAS', 'PLOTS', 'VIDEO_VERSION', 'VideoSettings']

VIDEO_VERSION = 1
"""Raised whenever the same seed gives another video than before."""

PLOTS = ('mixed', 'cross', 'leave', 'stay')
"""What people do: a bit of everything; walk past each other from side to side; leave the image and come back; stand."""

CAMERAS = ('still', 'pan', 'shake')
"""How the camera moves: not at all, slowly from side to side, or as in a hand that is not steady."""


@dataclass(frozen=True)
class VideoSettings:
    """What to draw.

    Attributes:
        frames: how many.
        fps: frames a second.
        width: of a frame, pixels.
        height: of a frame, pixels.
        people: how many take part; not all are in the image all the time.
        plot: what they do, one of `PLOTS`.
        camera: how it moves, one of `CAMERAS`.
        occluders: objects that stand before the people: posts, boxes, bushes, tables.

    Raises:
        InputError: a value out of range, or a word that is not known.

    >>> VideoSettings(frames=50, fps=25.0).seconds
    2.0
    """

    frames: int = 150
    fps: float = 25.0
    width: int = 320
    height: int = 240
    people: int = 4
    plot: str = 'mixed'
    camera: str = 'still'
    occluders: int = 0

    def __post_init__(self) -> None:
        ranges = dict(
            frames=(1, 10**6), fps=(1, 1000), width=(64, 4096), height=(64, 4096), people=(0, 100), occluders=(0, 20)
        )
        for name, (low, high) in ranges.items():
            if not low <= getattr(self, name) <= high:
                raise InputError(f'drawn video: {name}={getattr(self, name)} is not between {low} and {high}')
        for name, words in dict(plot=PLOTS, camera=CAMERAS).items():
            if getattr(self, name) not in words:
                raise InputError(f'drawn video: {name} {getattr(self, name)!r} is not one of {", ".join(words)}')

    @property
    def seconds(self) -> float:
        """How long the video is."""
        return self.frames / self.fps
