"""JPEG images one behind the other, which cameras and FFmpeg send: where each ends, and a source of them."""

import re
from collections.abc import Iterable, Iterator

from ...datasets.errors import ImageReadError
from ...datasets.transforms.decoding import decode_image
from ...datasets.transforms.image_header import jpeg_header
from ...utils.errors import InputError
from ..frames import Frame, SourceInfo
from .base import BaseSource
from .video_file import USUAL_FPS, check_fps

__all__ = ['JpegStream', 'is_jpeg_stream', 'jpeg_end', 'split_jpegs']

_START = b'\xff\xd8\xff'
_BEGIN, _END, _SCAN = 0xD8, 0xD9, 0xDA
_BARE = (0x01, *range(0xD0, 0xD8))  # markers without a length
_MARKER = re.compile(rb'\xff[^\x00\xff\xd0-\xd7]', re.DOTALL)  # that are no part of a scan
_MOST = 1 << 26  # bytes of one image
_PART = re.compile(rb'\s*--[^\r\n]{1,200}\r?\n(?:[!-9;-~]+:[^\r\n]*\r?\n)*content-type:\s*image/jpe?g', re.IGNORECASE)


def jpeg_end(content: bytes | bytearray) -> int | None:
    r"""Return where the JPEG ends that content begins with; None: it goes on, or is none.

    A thumbnail in its header is passed over. One that is cut off ends where the next one begins.

    >>> jpeg_end(b'\xff\xd8\xff\xda\x00\x02 pixels \xff\xd9 and more'), jpeg_end(b'\xff\xd8\xff\xda\x00\x02 pixels')
    (16, None)
    """
    if content[:3] != _START:
        return None
    at = 2
    while at + 2 <= len(content):
        marker = content[at + 1]
        if content[at] != 0xFF or not marker:  # broken: it ends where another one begins
            following = content.find(_START, 3)
            return None if following < 0 else following
        if marker == _END:
            return at + 2
        if marker == _BEGIN:
            return at
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _BARE:
            at += 2
        elif at + 4 > len(content):
            return None
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4], 'big')
            if marker == _SCAN:
                behind = _MARKER.search(content, at)
                at = len(content) if behind is None else behind.start()
    return None


def is_jpeg_stream(begin: bytes | bytearray) -> bool | None:
    r"""Tell whether what begins so is JPEG images one behind the other; None: more is needed to tell.

    Of two that belong together (MPO, the format of stereo cameras) it is one image with its companion.

    >>> image = b'\xff\xd8\xff\xda\x00\x02 pixels \xff\xd9'
    >>> is_jpeg_stream(image + image), is_jpeg_stream(image), is_jpeg_stream(image + b' other'), is_jpeg_stream(b'RIFF')
    (True, None, False, False)
    """
    if _PART.match(begin[:4096]):
        return True
    if begin[:3] != _START[: len(begin)]:
        return False
    end = jpeg_end(begin)
    if end is None:
        return None if len(begin) < _MOST else False
    behind = begin[end : end + 4096].lstrip(b'\r\n\0')
    if len(behind) < 3 and len(begin) - end < 4096:
        return None
    return behind.startswith(_START) and b'MPF\0' not in begin[: jpeg_header(begin)[0]]


def split_jpegs(blocks: Iterable[bytes]) -> Iterator[bytes]:
    r"""Yield the JPEG images of a stream of bytes, each as soon as it is complete; what is between them is left out.

    Args:
        blocks: of any length.

    Raises:
        InputError: one does not end, or none begins.

    >>> image = b'\xff\xd8\xff\xda\x00\x02 pixels \xff\xd9'
    >>> [len(found) for found in split_jpegs([b'--part', image[:5], image[5:] + image])]
    [16, 16]
    """
    kept = bytearray()
    for block in blocks:
        kept += block
        while True:
            start = kept.find(_START)
            del kept[: max(start, 0) if start >= 0 else max(len(kept) - 2, 0)]
            end = jpeg_end(kept)
            if end is None:
                break
            yield bytes(kept[:end])
            del kept[:end]
        if len(kept) > _MOST:
            raise InputError(f'a JPEG of more than {_MOST >> 20} MB came in: is this a stream of images?')
    if kept.startswith(_START):
        yield bytes(kept)


class JpegStream(BaseSource):
    """JPEG images that come in one behind the other, as of ``ffmpeg -f mjpeg -``; they can be gone through once.

    They have no times: they are frames of a video with so many a second. One that is broken comes with its ``error``.

    Args:
        blocks: of bytes.
        fps: frames a second, 25 where that is not known.
        name: of the source.
        stem: of what is written of it.

    Raises:
        InputError: ``fps`` is no number above 0.
    """

    def __init__(self, blocks: Iterable[bytes], *, fps: float | None = None, name: str, stem: str) -> None:
        check_fps(fps, name)
        self.blocks, self.fps = blocks, fps or USUAL_FPS
        self.info = SourceInfo(name, stem, 'stream', fps=self.fps)
        self.notes = [] if fps else [f'{name} has no times: {USUAL_FPS:g} frames a second are assumed (--fps)']

    def __iter__(self) -> Iterator[Frame]:
        index = -1
        for index, content in enumerate(split_jpegs(self.blocks)):
            time = index / self.fps
            try:
                image = decode_image(content, f'{self.info.name}, image {index}', ignore_orientation=False)
            except ImageReadError as err:
                yield Frame(index, time=time, error=err.reason, source=self.info.name)
            else:
                yield Frame(index, image, time=time, source=self.info.name)
        if index < 0:
            raise InputError(f'{self.info.name}: no image came')
