"""The first directory of a TIFF file, which EXIF data are too: reading tags and changing their values."""

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ['ALPHA', 'HEIGHT', 'ORIENTATION', 'WIDTH', 'first_tags', 'is_tiff', 'with_values']

WIDTH, HEIGHT, ORIENTATION, ALPHA = 0x100, 0x101, 0x112, 0x152
_BYTES = {1: 1, 3: 2, 4: 4, 16: 8}  # of a value, by its type: byte, short, long, long8


class _Entry(NamedTuple):
    value: int
    at: int  # byte where the value stands
    size: int  # bytes


def is_tiff(content: bytes) -> bool:
    r"""Tell whether bytes begin as a TIFF file does.

    >>> is_tiff(b'II*\x00'), is_tiff(b'\x89PNG')
    (True, False)
    """
    return content[:4] in (b'II*\0', b'MM\0*', b'II+\0', b'MM\0+')


def _order(content: bytes) -> str:
    return 'little' if content[:2] == b'II' else 'big'


def first_tags(content: bytes) -> dict[int, _Entry]:
    r"""Return the tags of the first directory that hold one whole number, or begin with one.

    >>> entry = b'\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00'
    >>> first_tags(b'II*\x00\x08\x00\x00\x00\x01\x00' + entry)[ORIENTATION].value
    6
    """
    order = _order(content)

    def read(at: int, size: int) -> int:
        return int.from_bytes(content[at : at + size], order)

    big = content[2:4] in (b'+\0', b'\0+')
    start, wide, count_size, entry_size = (8, 8, 8, 20) if big else (4, 4, 2, 12)
    table = read(start, wide)
    tags: dict[int, _Entry] = {}
    for i in range(min(read(table, count_size), 4096)):
        at = table + count_size + entry_size * i
        kind, count = read(at + 2, 2), read(at + 4, wide)
        size = _BYTES.get(kind)
        if at + entry_size > len(content) or size is None or count < 1:
            continue
        place = at + 4 + wide
        if size * count > wide:  # the values stand elsewhere
            place = read(place, wide)
        tags[read(at, 2)] = _Entry(read(place, size), place, size)
    return tags


def with_values(content: bytes, values: Mapping[int, int]) -> bytes:
    r"""Return a TIFF file whose first directory has other values; tags that it lacks are passed over.

    >>> entry = b'\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00'
    >>> first_tags(with_values(b'II*\x00\x08\x00\x00\x00\x01\x00' + entry, {ORIENTATION: 1}))[ORIENTATION].value
    1
    """
    tags, out = first_tags(content), bytearray(content)
    for tag, value in values.items():
        if tag in tags:
            _, at, size = tags[tag]
            out[at : at + size] = value.to_bytes(size, _order(content))
    return bytes(out)
