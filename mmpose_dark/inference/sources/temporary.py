"""Files that are kept for one source only."""

import tempfile
from pathlib import Path

from ...datasets.transforms.image_header import image_size
from ...utils.errors import OutputError
from .still_images import Stills
from .video_file import VideoFile

__all__ = ['looks_like_image', 'source_of_file', 'temporary_folder']

_BEGIN = 1 << 20


def temporary_folder() -> tempfile.TemporaryDirectory:
    """Return a folder that goes when it is cleaned up, nobody holds it any more, or the program ends.

    Raises:
        OutputError: there can be none.
    """
    try:
        return tempfile.TemporaryDirectory(prefix='mmpose_dark_', ignore_cleanup_errors=True)
    except OSError as err:
        raise OutputError(
            f'no temporary folder can be made ({err.strerror or err}); name another place by the variable TMPDIR'
        ) from err


def looks_like_image(path: Path) -> bool:
    """Tell whether a file begins as an image does, whatever its name; a video's cover is none.

    Args:
        path: of a regular file.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, 'rb') as file:
        begin = file.read(_BEGIN)
    try:
        return image_size(begin) is not None
    except (ValueError, IndexError):
        return False


def source_of_file(
    path: Path, folder: tempfile.TemporaryDirectory, *, name: str, stem: str, fps: float | None
) -> VideoFile | Stills:
    """Return the source that a file is, which was put into a folder for it.

    Raises:
        VideoError: neither image nor video; the folder is removed.
    """
    if looks_like_image(path):
        return Stills(name, stem, [path], folder=folder)
    try:
        return VideoFile(path, name=name, stem=stem, fps=fps, folder=folder)
    except BaseException:
        folder.cleanup()
        raise
