"""An image or a frame on its way in: pixels or a file, and where and when it was."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

__all__ = ['Frame', 'SourceInfo', 'SourceKind']

SourceKind: TypeAlias = Literal['images', 'video', 'stream']
"""``'images'`` are strangers to each other, a ``'video'`` ends and can be read again, a ``'stream'`` may not end."""


@dataclass(frozen=True)
class SourceInfo:
    """What is known of a source before its first frame.

    Attributes:
        name: as the user gave it, without a password: a path, a URL, 'camera 0', 'standard input'.
        stem: what files made of it are called, without a suffix.
        kind: see `SourceKind`.
        fps: frames a second; None: not known, or images.
        size: (width, height) of the upright frames in pixels; None: not known, or images.
        num_frames: how many there are; None: not known. A file's header may be wrong: expect more or fewer.

    >>> SourceInfo('a/clip.mp4', 'clip', 'video', fps=30.0).is_moving
    True
    """

    name: str
    stem: str
    kind: SourceKind
    fps: float | None = None
    size: tuple[int, int] | None = None
    num_frames: int | None = None

    @property
    def is_moving(self) -> bool:
        """Whether frames follow each other in time, so that people can be tracked."""
        return self.kind != 'images'


@dataclass(eq=False)
class Frame:
    """An image or a frame of a video, before anything was found in it.

    Attributes:
        index: number in its source, from 0; frames that could not be read or were dropped are counted.
        image: (H, W, 3) uint8 BGR, upright; None: it is to be read from ``path``, or there is an ``error``.
        path: of an image file; '' for a frame of a video and for pixels.
        time: seconds since the source's first frame, as the source says it; None for images.
        error: why there is no image; None if all is well.
        source: what it is of, see `SourceInfo`; '' for none.

    >>> Frame(3, np.zeros((4, 6, 3), np.uint8), time=0.1)
    Frame(index=3, path='', time=0.1, error=None, source='')
    """

    index: int
    image: np.ndarray | None = field(default=None, repr=False)
    path: str = ''
    time: float | None = None
    error: str | None = None
    source: str = ''
