"""Whether a file that decodes is whole: decoders fill what is missing with grey and do not say so."""

import re
from collections.abc import Callable

import numpy as np

from .image_header import image_size, jpeg_header, webp_chunks
from .quiet import without_stderr

__all__ = ['damage', 'is_cut_off', 'lacks_data']

_ZEROS = 512
_ZEROS_SHARE = 0.02  # of the file
_FLAT = 0.3  # bits a pixel: a file with less shows hardly anything, and may hold many zeros
# Neither a marker nor a fill byte is in it, and it means something else than zeros under any code.
_NOISE = bytes(range(1, 255)) * 16
_GREY = 128
_END = 0xD9
_INTERVAL = 0xDD  # of restarts: without it, markers of restarts cannot be there
_BETWEEN_SCANS = {0xC4, 0xDA, 0xDB, 0xDC, _INTERVAL, 0xFE, *range(0xE0, 0xF0), _END}  # tables, scans, comments, the end
_MARKER = re.compile(rb'\xff[^\x00\xff]')
_BUT_RESTARTS = re.compile(rb'\xff[^\x00\xd0-\xd7\xff]')
_CORNER = 2  # pixels: of the last block of pixels no more may be in the image


def is_cut_off(content: bytes) -> bool:
    r"""Tell whether a JPEG, PNG or WebP lacks its end.

    >>> is_cut_off(b'\x89PNG\r\n\x1a\n' + b'half of it')
    True
    """
    if content[:3] == b'\xff\xd8\xff':
        return content.rfind(b'\xff\xd9', jpeg_header(content)[0]) < 0  # from the end, where it usually is
    if content[:8] == b'\x89PNG\r\n\x1a\n':
        return not _has_end_chunk(content)
    if content[:4] == b'RIFF' and content[8:12] == b'WEBP':
        return any(at + size > len(content) for _, at, size in webp_chunks(content))
    return False


def _has_end_chunk(content: bytes) -> bool:
    """Tell whether the chunks of a PNG lead to its end; a decoder takes memory for what a chunk says it is long."""
    at = 8
    while at + 12 <= len(content):
        if content[at + 4 : at + 8] == b'IEND':
            return True
        at += 12 + int.from_bytes(content[at : at + 4], 'big')
    return False


def damage(content: bytes) -> str:
    """Return what is wrong with the bytes of an image file of a compressed kind; '' if nothing is seen.

    >>> damage(b'no image')
    ''
    """
    if is_cut_off(content):
        return f'the file is truncated: it ends after {len(content)} bytes without an end marker'
    compressed = content[:3] == b'\xff\xd8\xff' or content[:4] == b'RIFF' or content[4:8] in (b'jP  ', b'ftyp')
    zeros = max(_ZEROS, int(_ZEROS_SHARE * len(content)))
    at = content.find(bytes(zeros), _data_begin(content)) if compressed else -1
    if at < 0:
        return ''
    width, height = image_size(content) or (0, 0)
    if 8 * len(content) > _FLAT * width * height:
        return f'the file is damaged: from byte {at} on there are {zeros} zeros and more where image data should be'
    return ''


def _data_begin(content: bytes) -> int:
    """Where the image data begins: behind the header of a JPEG, which may be padded."""
    return jpeg_header(content)[0] if content[:3] == b'\xff\xd8\xff' else 0


def lacks_data(
    content: bytes, decode: Callable[[bytes], np.ndarray | None], image: np.ndarray, *, strict: bool = False
) -> bool:
    """Tell whether the data of a JPEG ends before its image does, so that the rest is grey.

    Bytes behind the data of a whole image change nothing; if they do, they were needed.

    Args:
        content: of the file.
        decode: from bytes to (H, W, 3), or None.
        image: (H, W, 3) that it gave for ``content``.
        strict: look at the scans of progressive JPEGs too, and not only where a corner is grey.

    >>> lacks_data(b'no image', lambda content: None, np.zeros((4, 4, 3), np.uint8))
    False
    """
    if content[:3] != b'\xff\xd8\xff':
        return False
    if strict and (_scans(content) is False or _has_stray_marker(content)):
        return True
    if not strict and not _has_grey_corner(image):
        return False
    end = content.find(b'\xff\xd9', jpeg_header(content)[0])
    with without_stderr():
        again = decode(content[:end] + _NOISE + content[end:])
    return again is not None and not np.array_equal(image, again)


def _has_grey_corner(image: np.ndarray) -> bool:
    n = _CORNER
    return any((c == _GREY).all() for c in (image[-n:, -n:], image[-n:, :n], image[:n, -n:], image[:n, :n]))


def _has_stray_marker(content: bytes) -> bool:
    """Tell whether there is a marker among the data of a JPEG's scans that cannot be there, as in noise."""
    at = jpeg_header(content)[0]
    marker = _BUT_RESTARTS if content.find(bytes((0xFF, _INTERVAL)), 0, at) > 0 else _MARKER
    while at + 2 <= len(content):
        if content[at + 1] == _END:
            return False
        if content[at + 1] == _INTERVAL:
            marker = _BUT_RESTARTS
        at += 2 + int.from_bytes(content[at + 2 : at + 4], 'big')
        found = marker.search(content, at)
        if found is None or content[found.start() + 1] not in _BETWEEN_SCANS:
            return True
        at = found.start()
    return True


def _scans(content: bytes) -> bool | None:
    """Tell whether all bits of all coefficients of a progressive JPEG have a scan; None for another JPEG."""
    at, progressive, components, coming = 2, False, 0, {}
    while at + 4 <= len(content):
        at = content.find(b'\xff', at)
        if at < 0 or at + 4 > len(content):
            break
        marker = content[at + 1]
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        if marker == 0xD9:
            break
        if marker == 0xC2:
            progressive, components = True, content[at + 9]
        if marker == 0xDA:
            count = content[at + 4]
            first, last, bits = content[at + 5 + 2 * count : at + 8 + 2 * count]
            for i in range(count):
                own = coming.setdefault(content[at + 5 + 2 * i], [None] * 64)
                own[first : last + 1] = [bits & 15] * (last + 1 - first)
        at += 2 + int.from_bytes(content[at + 2 : at + 4], 'big')
    if not progressive:
        return None
    return len(coming) >= components and all(bits == 0 for own in coming.values() for bits in own)
