"""Standard input as a source: an image, a video, or JPEG images without end, told by the bytes."""

import select
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO

from ...utils.errors import InputError, MissingFileError, OutputError
from .jpeg_stream import JpegStream, is_jpeg_stream
from .still_images import Stills
from .temporary import source_of_file, temporary_folder
from .video_file import VideoFile

__all__ = ['open_standard_input']

NAME, STEM = 'standard input', 'stdin'
_LIMIT = 8 << 30  # bytes that are kept
_SILENCE = 60.0  # seconds without any
_BLOCK = 1 << 20


def open_standard_input(
    stream: IO[bytes] | None = None, *, fps: float | None = None
) -> JpegStream | VideoFile | Stills:
    """Return the source that comes in by standard input.

    JPEG images one behind the other are taken as they come. All else is read to its end first, into a temporary file:
    most videos have what is needed to read them at the end.

    Args:
        stream: by default standard input of this process.
        fps: frames a second of what has no times.

    Raises:
        MissingFileError: nothing came.
        InputError: a terminal, nobody who writes, too much, or neither image nor video.
        OutputError: it cannot be kept.
    """
    if stream is None:
        stream = getattr(sys.stdin, 'buffer', None)
    if stream is None or stream.closed:
        raise InputError('-: this process has no standard input')
    if stream.isatty():
        raise InputError('-: standard input is a terminal; pipe an image or a video into it, as in: cat clip.mp4 | ...')
    blocks = _blocks(stream)
    begin = bytearray()
    for block in blocks:
        begin += block
        is_stream = is_jpeg_stream(begin)
        if is_stream is not None:
            break
    else:
        is_stream = False
    if not begin:
        raise MissingFileError('-: nothing came in')
    blocks = chain([bytes(begin)], blocks)
    if is_stream:
        return JpegStream(blocks, fps=fps, name=NAME, stem=STEM)
    return _kept(blocks, fps)


def _kept(blocks: Iterator[bytes], fps: float | None) -> VideoFile | Stills:
    folder = temporary_folder()
    path, size = Path(folder.name, STEM), 0
    try:
        with open(path, 'wb') as file:
            for block in blocks:
                size += len(block)
                if size > _LIMIT:
                    raise InputError(f'-: more than {_LIMIT >> 30} GB came in; give a file')
                file.write(block)
    except OSError as err:
        folder.cleanup()
        raise OutputError(
            f'-: standard input cannot be kept in {folder.name} ({err.strerror or err}); name another place by the '
            'variable TMPDIR'
        ) from err
    except BaseException:
        folder.cleanup()
        raise
    return source_of_file(path, folder, name=NAME, stem=STEM, fps=fps)


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield what comes, as soon as it comes; what does not come is not waited for without end."""
    try:
        number = stream.fileno()
    except (OSError, AttributeError):  # bytes in memory
        number = None
    read = getattr(stream, 'read1', stream.read)
    while True:
        if number is not None and not select.select([number], [], [], _SILENCE)[0]:
            raise InputError(f'-: nothing came in for {_SILENCE:g} s; does the other program write?')
        block = read(_BLOCK)
        if not block:
            return
        yield block
