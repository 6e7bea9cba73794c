"""What the header of an image file says, read without decoding it."""

import re

from .box_header import avif_orientation, box_size, is_avif
from .tiff_header import HEIGHT, ORIENTATION, WIDTH, first_tags, is_tiff

__all__ = ['exif_orientation', 'image_size', 'jpeg_header', 'jpeg_size', 'webp_chunks']

_HEADER = 1 << 17


def exif_orientation(content: bytes) -> int:
    """Return the orientation (EXIF's code, 1 to 8) of an image file; 1 if it says none.

    Of JPEG, PNG, WebP and TIFF it is the EXIF tag's, of AVIF what its turning and mirroring come to.

    >>> exif_orientation(b'no image')
    1
    """
    if is_avif(content):
        return avif_orientation(content)
    if content[:4] == b'RIFF':
        found = next((content[a : a + size] for kind, a, size in webp_chunks(content) if kind == b'EXIF'), b'')
        tiff = found.removeprefix(b'Exif\0\0')
    elif is_tiff(content):
        tiff = content
    else:
        tiff = _exif_of_head(content[:_HEADER])
    if tiff[:2] not in (b'II', b'MM'):
        return 1
    tag = first_tags(tiff).get(ORIENTATION)
    return tag.value if tag is not None and 1 <= tag.value <= 8 else 1


def _exif_of_head(head: bytes) -> bytes:
    """EXIF data of the beginning of a JPEG or PNG file, or nothing."""
    mark = {b'\xff\xd8': b'Exif\0\0', b'\x89P': b'eXIf'}.get(head[:2])
    at = -1 if mark is None else head.find(mark)
    return b'' if at < 0 else head[at + len(mark) :]


def webp_chunks(content: bytes) -> list[tuple[bytes, int, int]]:
    """Return name, place and size of the chunks of a WebP file.

    >>> webp_chunks(b'no image')
    []
    """
    chunks, at = [], 12
    while content[8:12] == b'WEBP' and at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], 'little')
        chunks.append((content[at : at + 4], at + 8, size))
        at += 8 + size + size % 2
    return chunks


def image_size(content: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels of an image file as stored; None for a kind that is not known.

    Known are JPEG, PNG, WebP, TIFF, AVIF, JPEG 2000, BMP, GIF and PNM.

    >>> image_size(b'P6 640 480 255 ...'), image_size(b'no image')
    ((640, 480), None)
    """
    if content[:3] == b'\xff\xd8\xff':
        return jpeg_size(content)
    if content[:4] == b'RIFF':
        return _webp_size(content)
    if is_tiff(content):
        tags = first_tags(content)
        return (tags[WIDTH].value, tags[HEIGHT].value) if WIDTH in tags and HEIGHT in tags else None
    if content[4:8] in (b'ftyp', b'jP  '):
        return box_size(content)
    if re.match(rb'P[1-6]\s', content):
        found = re.match(rb'P[1-6](?:\s|#[^\n]*\n)+(\d{1,10})(?:\s|#[^\n]*\n)+(\d{1,10})', content[:4096])
        return (int(found[1]), int(found[2])) if found else None
    for start, order, places, size in _FIXED:
        if content.startswith(start) and len(content) >= places[1] + size:
            width, height = (int.from_bytes(content[at : at + size], order, signed=start == b'BM') for at in places)
            return abs(width), abs(height)
    return None


_FIXED = (
    (b'\x89PNG\r\n\x1a\n', 'big', (16, 20), 4),
    (b'BM', 'little', (18, 22), 4),
    (b'GIF8', 'little', (6, 8), 2),
    (b'\xff\x4f\xff\x51', 'big', (8, 12), 4),  # a JPEG 2000 stream without boxes
)


def _webp_size(content: bytes) -> tuple[int, int] | None:
    for kind, at, _ in webp_chunks(content):
        if kind == b'VP8X':
            sides = (int.from_bytes(content[i : i + 3], 'little') + 1 for i in (at + 4, at + 7))
        elif kind == b'VP8L':
            bits = int.from_bytes(content[at + 1 : at + 5], 'little')
            sides = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        elif kind == b'VP8 ':
            sides = (int.from_bytes(content[i : i + 2], 'little') & 0x3FFF for i in (at + 6, at + 8))
        else:
            continue
        width, height = sides
        return width, height
    return None


def jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels of a JPEG as stored; None for another file.

    >>> jpeg_size(b'no image')
    """
    return jpeg_header(content)[1] if content[:3] == b'\xff\xd8\xff' else None


def jpeg_header(content: bytes) -> tuple[int, tuple[int, int] | None]:
    r"""Go through the header of a JPEG (which may hold a thumbnail with an end of its own).

    Returns:
        Where the image begins, behind the header, and its width and height.

    >>> jpeg_header(b'\xff\xd8\xff\xda\x00\x0c')
    (2, None)
    """
    at, size = 2, len(content)
    width_height = None
    while at + 4 <= size and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xDA:
            return at, width_height
        # Fill bytes and markers without a length.
        if marker == 0xFF:
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
        else:
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # a frame: precision, height, width
                height, width = (int.from_bytes(content[i : i + 2], 'big') for i in (at + 5, at + 7))
                width_height = width, height
            at += 2 + int.from_bytes(content[at + 2 : at + 4], 'big')
    return size, width_height
