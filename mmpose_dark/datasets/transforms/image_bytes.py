"""Reading the bytes of an image file, from wherever it is, unless it is no file at all."""

import os
import stat

from mmengine import fileio

from ..errors import ImageReadError
from .decoding import MAX_PIXELS

__all__ = ['read_image_bytes']

_BYTES_OF_PIXEL = 8  # four channels of 16 bits, not compressed
_MARGIN = 1 << 24  # bytes of what else may be in a file
_KINDS = {
    stat.S_IFDIR: 'a folder',
    stat.S_IFIFO: 'a pipe',
    stat.S_IFCHR: 'a device',
    stat.S_IFBLK: 'a device',
    stat.S_IFSOCK: 'a socket',
}


def read_image_bytes(path: str, *, backend_args: dict | None = None, max_pixels: int = MAX_PIXELS) -> bytes:
    """Return the content of an image file.

    Args:
        path: of the file.
        backend_args: of mmengine's file backend.
        max_pixels: of an image; a local file that is larger than such an image could be is not read.

    Raises:
        ImageReadError: it is missing, cannot be read, is a folder, pipe or device, or is too large.
    """
    try:
        if backend_args is None and '://' not in path:
            _check_file(path, os.stat(path), max_pixels)
            with open(path, 'rb') as file:
                return file.read()
        return fileio.get(path, backend_args=backend_args)
    except ImageReadError:
        raise
    except OSError as err:
        raise ImageReadError(path, err.strerror.lower() if err.strerror else str(err)) from err
    except ValueError as err:  # NUL or half a surrogate pair in the name
        raise ImageReadError(path, f'no file can have this name: {err}') from err


def _check_file(path: str, found: os.stat_result, max_pixels: int) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), 'no file')
        raise ImageReadError(path, f'it is {kind}, an image file is needed')
    limit = _BYTES_OF_PIXEL * max_pixels + _MARGIN
    if found.st_size > limit:
        raise ImageReadError(
            path,
            f'its {found.st_size} bytes are more than an image of max_pixels={max_pixels} could have ({limit}); '
            'raise max_pixels of LoadImage if it is one',
        )
