"""What images an input stands for."""

import glob
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Union

import numpy as np

from ...utils.errors import InputTypeError, MissingFileError
from ...utils.foreign_types import is_pil_image, is_tensor

if TYPE_CHECKING:
    from PIL.Image import Image as PilImage
    from torch import Tensor

__all__ = ['IMAGE_SUFFIXES', 'Image', 'find_images', 'images_of', 'is_one_image', 'passed_over']

Image: TypeAlias = Union[np.ndarray, str, os.PathLike, 'PilImage', 'Tensor']
"""A file, or pixels: see `as_image`."""

IMAGE_SUFFIXES = (
    *('.jpg', '.jpeg', '.jfif', '.png', '.bmp', '.tif', '.tiff', '.webp', '.ppm', '.pgm', '.avif', '.jp2', '.gif'),
)
_NAMED = 3  # of what is passed over


def find_images(source: str | os.PathLike) -> list[Path]:
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
        with os.scandir(path) as entries:  # names, since a million paths that were compared are a gigabyte
            names = sorted((entry.name for entry in entries if _is_image(entry)), key=os.path.normcase)
        found = [path / name for name in names]
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


def passed_over(source: str | os.PathLike) -> str:
    """Say what of a folder or glob `find_images` passes over: other files, folders, pipes; '' for nothing.

    Hidden files, whose name begins with a dot, are not spoken of.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ('b.jpg', 'notes.txt', '.hidden'):
    ...         Path(folder, name).touch()
    ...     passed_over(folder).removeprefix(folder)
    ': 1 of 2 entries is passed over, as it is no file with the ending of an image: notes.txt'
    """
    path = Path(source).expanduser()
    if path.is_dir():
        with os.scandir(path) as entries:
            seen = [None if _is_image(entry) else entry.name for entry in entries if entry.name[0] != '.']
        count, rest = len(seen), sorted(name for name in seen if name is not None)
        reason = 'no file with the ending of an image'
    elif not path.is_file() and glob.has_magic(str(source)):
        found = sorted(Path(p) for p in glob.glob(str(path), recursive=True))
        count, rest = len(found), [p.name for p in found if not (p.is_file() or p.is_dir())]
        reason = 'no file'
    else:
        return ''
    if not rest:
        return ''
    one = len(rest) == 1
    names = ', '.join(rest[:_NAMED]) + (', ...' if len(rest) > _NAMED else '')
    which = f'{len(rest)} of {count} entries {"is" if one else "are"} passed over'
    return f'{source}: {which}, as {"it is" if one else "they are"} {reason}: {names}'


def _is_image(entry: os.DirEntry) -> bool:
    if os.path.splitext(entry.name)[1].lower() not in IMAGE_SUFFIXES:
        return False
    return Path(entry.path).is_file() if entry.is_symlink() else entry.is_file()  # a link in a circle is no file


def is_one_image(source: object) -> bool:
    """Tell whether a source is one image: pixels that are no batch, or the name of a file.

    >>> is_one_image('a.jpg'), is_one_image(np.zeros((4, 6, 3))), is_one_image(np.zeros((2, 4, 6, 3)))
    (True, True, False)
    """
    if isinstance(source, str | os.PathLike):
        path = Path(source).expanduser()
        return path.is_file() or not (path.is_dir() or glob.has_magic(str(source)))
    if isinstance(source, np.ndarray):
        return source.dtype.kind not in 'UO' and source.ndim <= 3
    return is_pil_image(source) or (is_tensor(source) and source.ndim <= 3)


def images_of(source: Image | Iterable[Image]) -> Iterable[Image]:
    """Return the images that a source stands for.

    Args:
        source: a file, a folder or a glob, see `find_images`; one image as pixels, see `as_image`; or an iterable of
            these, such as a batch (N, H, W, 3), which is returned as it is.

    Raises:
        MissingFileError: see `find_images`.
        InputTypeError: none of these.

    >>> images_of(['a.jpg', 'b.jpg']), len(images_of(np.zeros((4, 6, 3), np.uint8)))
    (['a.jpg', 'b.jpg'], 1)
    """
    if isinstance(source, str | os.PathLike):
        return find_images(source)
    if is_one_image(source):
        return [source]
    if not isinstance(source, Iterable) or isinstance(source, bytes | bytearray | memoryview | Mapping | io.IOBase):
        raise InputTypeError(
            'images must be a file, a folder, a glob, an image, or a list or generator of images, got '
            f'{type(source).__name__}'
        )
    return source
