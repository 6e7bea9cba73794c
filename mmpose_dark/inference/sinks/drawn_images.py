"""Each image with its people drawn on it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ...drawing.files import write_image
from ..frames import SourceInfo
from ..results import ImageResult
from .base import BaseSink
from .look import Look

__all__ = ['ImageSink', 'frame_name']


def frame_name(result: ImageResult, taken: set[str], *, moving: bool) -> str:
    """Return what a file about one image is called, without a suffix: as the image, or by the frame's number.

    Args:
        result: of the image.
        taken: names that are taken, in small letters; the new one is added.
        moving: whether it is a frame of a video.

    >>> taken = set()
    >>> [frame_name(ImageResult(p), taken, moving=False) for p in ('a/x.jpg', 'b/x.jpg')]
    ['x', 'x_2']
    """
    stem = f'frame_{result.index:06d}' if moving or not result.path else Path(result.path).stem
    name, number = stem, 2
    while name.casefold() in taken:
        name, number = f'{stem}_{number}', number + 1
    taken.add(name.casefold())
    return name


class ImageSink(BaseSink):
    """Writes ``STEM_poses/NAME.jpg``, one file an image or frame.

    Args:
        folder: to write into.
        stem: of the folder.
        look: what is drawn.
    """

    format = 'images'
    needs_images = True

    def __init__(self, folder: Path, stem: str, look: Look | None = None) -> None:
        super().__init__(folder, stem)
        self.look = look or Look()

    @property
    def outputs(self) -> Sequence[Path]:
        """The folder."""
        return [self.folder / f'{self.stem}_poses']

    @property
    def writes_folder(self) -> bool:
        """True."""
        return True

    def open(self, info: SourceInfo, keypoint_set: Mapping[str, object] | None) -> None:
        """Begin."""
        self._taken: set[str] = set()
        self._moving = info.is_moving

    def write(self, result: ImageResult) -> None:
        """Draw one image; of one that could not be read there is no file.

        Raises:
            OutputError: it cannot be written.
        """
        name = frame_name(result, self._taken, moving=self._moving)
        if result.image is not None:
            write_image(self.outputs[0] / f'{name}.jpg', self.look.on(result)[..., ::-1])

    def close(self) -> None:
        """Nothing is left to do."""
