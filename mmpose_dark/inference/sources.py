"""What images an input stands for."""

import glob
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import numpy as np

from ..utils.errors import MissingFileError

__all__ = ['IMAGE_SUFFIXES', 'Image', 'find_images', 'images_of']

Image: TypeAlias = np.ndarray | str | Path
"""A file, or an array (H, W, 3) uint8 BGR."""

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp', '.ppm', '.pgm')


def find_images(source: str | Path) -> list[Path]:
    """Return the files of an image, a folder or a glob, sorted by name.

    Args:
        source: a file; a folder, whose files with an image suffix are taken (not those of its
            folders); or a glob, of which every file is taken (``**`` goes into folders).

    Raises:
        MissingFileError: there is nothing, or nothing with an image suffix.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ('b.jpg', 'a.PNG', 'notes.txt'):
    ...         Path(folder, name).touch()
    ...     [path.name for path in find_images(folder)]
    ['a.PNG', 'b.jpg']
    """
    path = Path(source).expanduser()
    if path.is_file():
        return [path]
    if path.is_dir():
        found = sorted(p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file())
        if not found:
            raise MissingFileError(
                f'folder {str(source)!r} has no file ending in {", ".join(IMAGE_SUFFIXES)}; for its folders use the '
                f"glob '{path}/**/*.jpg'"
            )
        return found
    if glob.has_magic(str(source)):
        found = sorted(Path(p) for p in glob.glob(str(path), recursive=True) if Path(p).is_file())
        if found:
            return found
        raise MissingFileError(f'no file matches {str(source)!r} from {Path.cwd()}')
    raise MissingFileError(f'there is no image or folder {str(source)!r} (looked from {Path.cwd()})')


def images_of(source: Image | Iterable[Image]) -> Iterable[Image]:
    """Return the images that a source stands for.

    Args:
        source: a file, a folder or a glob, see `find_images`; one array (H, W, 3); or an iterable of files and arrays,
            which is returned as it is.

    Raises:
        MissingFileError: see `find_images`.

    >>> images_of(['a.jpg', 'b.jpg']), len(images_of(np.zeros((4, 6, 3), np.uint8)))
    (['a.jpg', 'b.jpg'], 1)
    """
    if isinstance(source, str | Path):
        return find_images(source)
    return [source] if isinstance(source, np.ndarray) and source.ndim <= 3 else source
