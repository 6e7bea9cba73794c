"""Images that have nothing to do with each other, and images from Python."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ...utils.errors import InputError
from ..frames import Frame, SourceInfo
from ..image_types import as_image
from .base import BaseSource

__all__ = ['ArraySource', 'ImageFiles']


class ImageFiles(BaseSource):
    """Image files; the stage that reads them is a later one.

    Args:
        paths: of the files.
        name: of the source.
        stem: of what is written of it.
        notes: what of a folder was passed over.

    >>> source = ImageFiles([Path('a.jpg'), Path('b.jpg')], name='photos', stem='photos')
    >>> [(frame.index, frame.path) for frame in source], source.info.num_frames
    ([(0, 'a.jpg'), (1, 'b.jpg')], 2)
    """

    def __init__(self, paths: Sequence[Path], *, name: str, stem: str, notes: Sequence[str] = ()) -> None:
        self.inputs, self.notes = list(paths), list(notes)
        self.info = SourceInfo(name, stem, 'images', num_frames=len(self.inputs))

    def __iter__(self) -> Iterator[Frame]:
        return (Frame(i, path=str(path), source=self.info.name) for i, path in enumerate(self.inputs))


class ArraySource(BaseSource):
    """Arrays from Python: images, or with ``fps`` a video.

    Args:
        images: each (H, W, 3) uint8 BGR, or what else `as_image` takes; may come from a generator without end, which
            can be gone through once.
        fps: frames a second, which makes them a video; None: images.
        name: of the source, and of what is written of it.

    Raises:
        InputError: ``fps`` is no number above 0.

    >>> [frame.time for frame in ArraySource([np.zeros((4, 4, 3), np.uint8)] * 3, fps=10)]
    [0.0, 0.1, 0.2]
    """

    def __init__(self, images: Iterable[np.ndarray], *, fps: float | None = None, name: str = 'frames') -> None:
        if fps is not None and not 0 < fps < float('inf'):
            raise InputError(f'ArraySource: fps must be a number above 0, got {fps}')
        self.images, self.fps = images, fps
        count = len(images) if hasattr(images, '__len__') else None
        again = fps is None or isinstance(images, Sequence | np.ndarray)
        kind = 'images' if fps is None else 'video' if again else 'stream'
        self.info = SourceInfo(name, name, kind, fps=fps, num_frames=count)

    def __iter__(self) -> Iterator[Frame]:
        for index, image in enumerate(self.images):
            found = as_image(image)
            time = None if self.fps is None else index / self.fps
            if isinstance(found, str):
                yield Frame(index, path=found, time=time, source=self.info.name)
            else:
                yield Frame(index, found, time=time, source=self.info.name)
