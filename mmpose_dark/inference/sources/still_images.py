"""Images that have nothing to do with each other, and images from Python."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from ...utils.errors import InputError, StateError
from ..frames import Frame, SourceInfo
from ..image_types import ImageTypeError, as_image
from .base import BaseSource
from .image_files import Image, images_of
from .video_file import check_fps

__all__ = ['ArraySource', 'ImageFiles', 'Stills']


class Stills(NamedTuple):
    """Images of one word of a command line, before those of all words become one source.

    Attributes:
        name: the word.
        stem: of what is written of them, were they alone.
        paths: of their files.
        notes: what was passed over.
        folder: that they are in, if it is to go with the source.
    """

    name: str
    stem: str
    paths: Sequence[Path]
    notes: Sequence[str] = ()
    folder: TemporaryDirectory | None = None


class ImageFiles(BaseSource):
    """Image files; the stage that reads them is a later one.

    Args:
        paths: of the files.
        name: of the source.
        stem: of what is written of it.
        notes: what of a folder was passed over.
        folders: that some of the files are in, and that go when the source is closed.

    >>> source = ImageFiles([Path('a.jpg'), Path('b.jpg')], name='photos', stem='photos')
    >>> [(frame.index, frame.path) for frame in source], source.info.num_frames
    ([(0, 'a.jpg'), (1, 'b.jpg')], 2)
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        name: str,
        stem: str,
        notes: Sequence[str] = (),
        folders: Sequence[TemporaryDirectory] = (),
    ) -> None:
        self.paths, self.folders, self.notes = list(paths), list(folders), list(notes)
        own = {Path(folder.name) for folder in folders}
        self.inputs = [path for path in self.paths if path.parent not in own]
        self.info = SourceInfo(name, stem, 'images', num_frames=len(self.paths))

    def __iter__(self) -> Iterator[Frame]:
        return (Frame(i, path=str(path), source=self.info.name) for i, path in enumerate(self.paths))

    def close(self) -> None:
        """Remove the folders that were made for this source only."""
        for folder in self.folders:
            folder.cleanup()


class ArraySource(BaseSource):
    """Images from Python, which with ``fps`` are a video.

    Something among them that is no image comes as a frame with its ``error``.

    Args:
        images: each (H, W, 3) uint8 BGR, or what else `as_image` takes; may come from a generator without end, which
            can be gone through once.
        fps: frames a second, which makes them a video; None: images.
        name: of the source, and of what is written of it.

    Raises:
        InputError: ``fps`` is no number above 0.
        InputTypeError: ``images`` are none.

    >>> [frame.time for frame in ArraySource([np.zeros((4, 4, 3), np.uint8)] * 3, fps=10)]
    [0.0, 0.1, 0.2]
    """

    def __init__(self, images: Image | Iterable[Image], *, fps: float | None = None, name: str = 'frames') -> None:
        check_fps(fps, f'ArraySource {name!r}')
        self.images, self.fps = images_of(images), fps
        self._begun = False
        kind = 'images' if fps is None else 'stream' if isinstance(self.images, Iterator) else 'video'
        count = len(self.images) if hasattr(self.images, '__len__') else None
        self.info = SourceInfo(name, name, kind, fps=fps, num_frames=count)

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames.

        Raises:
            InputError: there is none.
            StateError: they come from a generator, and this is the second time.
        """
        if self._begun and isinstance(self.images, Iterator):
            raise StateError(f'{self.info.name}: a generator of images can be gone through once; give a list')
        self._begun = True
        return self._frames()

    def _frames(self) -> Iterator[Frame]:
        index = -1
        for index, image in enumerate(self.images):
            time = None if self.fps is None else index / self.fps
            try:
                found = as_image(image)
            except ImageTypeError as err:
                yield Frame(index, time=time, error=str(err), source=self.info.name)
                continue
            if isinstance(found, str):
                yield Frame(index, path=found, time=time, source=self.info.name)
            else:
                yield Frame(index, found, time=time, source=self.info.name)
        if index < 0:
            raise InputError(f'{self.info.name}: no image came')
