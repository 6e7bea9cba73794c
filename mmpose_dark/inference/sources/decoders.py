"""Which decoder reads videos: PyAV where it is installed, OpenCV otherwise."""

import importlib
from collections.abc import Iterator
from pathlib import Path

from ...utils.errors import InputError, MissingPackageError
from .video_decoder import Decoded, VideoHeader

__all__ = ['DECODERS', 'decoder_name', 'open_video']

DECODERS = ('av', 'opencv')


def decoder_name(wanted: str = 'auto') -> str:
    """Return which decoder is used.

    Args:
        wanted: ``'av'``, ``'opencv'``, or ``'auto'`` for the first that is installed.

    Raises:
        MissingPackageError: PyAV is wanted and cannot be imported.
        InputError: another name.

    >>> decoder_name('opencv')
    'opencv'
    """
    if wanted not in ('auto', *DECODERS):
        raise InputError(f'decoder {wanted!r} is not one of auto, {", ".join(DECODERS)}')
    if wanted == 'opencv':
        return wanted
    try:
        importlib.import_module('av')
    except ImportError as err:
        if wanted == 'auto':
            return 'opencv'
        raise MissingPackageError(f'to read videos by PyAV it has to be installed ({err}): pip install av') from err
    return 'av'


def open_video(path: Path, decoder: str) -> tuple[VideoHeader, Iterator[Decoded]]:
    """Open a video file.

    Args:
        path: of a regular file.
        decoder: of `decoder_name`.

    Returns:
        Its header, and its frames in their order; close the iterator to close the file.

    Raises:
        VideoError: it is no video.
    """
    if decoder == 'av':
        from .av_decoder import open_av

        return open_av(path)
    from .opencv_decoder import open_opencv

    return open_opencv(path)
