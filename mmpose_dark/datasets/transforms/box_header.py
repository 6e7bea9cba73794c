"""The boxes that AVIF and JPEG 2000 files consist of: the size and orientation that they say."""

from collections.abc import Iterator

__all__ = ['avif_orientation', 'box_size', 'is_avif']

# EXIF's code by quarter turns against the clock and the axis of the mirroring that follows (None: none)
_EXIF = {
    (0, None): 1,
    (1, None): 8,
    (2, None): 3,
    (3, None): 6,
    (0, 0): 4,
    (1, 0): 5,
    (2, 0): 2,
    (3, 0): 7,
    (0, 1): 2,
    (1, 1): 7,
    (2, 1): 4,
    (3, 1): 5,
}


def is_avif(content: bytes) -> bool:
    r"""Tell whether bytes begin as an AVIF file does.

    >>> is_avif(b'\x00\x00\x00\x20ftypavif')
    True
    """
    return content[4:8] == b'ftyp' and content[8:12] in (b'avif', b'avis', b'mif1', b'miaf', b'msf1')


def _boxes(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, begin and end of the content of each box between two places."""
    while start + 8 <= end:
        size, head = int.from_bytes(content[start : start + 4], 'big'), 8
        if size == 1:
            size, head = int.from_bytes(content[start + 8 : start + 16], 'big'), 16
        stop = end if size == 0 else start + size
        if (size != 0 and size < head) or stop > end:
            return
        yield content[start + 4 : start + 8], start + head, stop
        start = stop


def _find(content: bytes, start: int, end: int, *names: bytes) -> tuple[int, int] | None:
    """Begin and end of the content of the first box of the first name, within it of the second, and so on."""
    for name in names:
        found = next(((a, b) for kind, a, b in _boxes(content, start, end) if kind == name), None)
        if found is None:
            return None
        start, end = found
        if name == b'meta':
            start += 4  # version and flags
    return start, end


def _properties(content: bytes) -> list[tuple[bytes, bytes]]:
    """Name and content of the properties of an AVIF file's main image, in the order in which they are applied."""
    places = {
        name: _find(content, 0, len(content), b'meta', *path)
        for name, path in dict(pitm=(b'pitm',), ipco=(b'iprp', b'ipco'), ipma=(b'iprp', b'ipma')).items()
    }
    if None in places.values():
        return []
    at = places['pitm'][0]
    main = int.from_bytes(content[at + 4 : at + (6 if content[at] == 0 else 8)], 'big')
    listed = [(kind, content[a:b]) for kind, a, b in _boxes(content, *places['ipco'])]
    at, end = places['ipma']
    id_size, wide = (2 if content[at] == 0 else 4), content[at + 3] & 1
    count, at = int.from_bytes(content[at + 4 : at + 8], 'big'), at + 8
    for _ in range(min(count, 4096)):
        item, number = int.from_bytes(content[at : at + id_size], 'big'), content[at + id_size : at + id_size + 1]
        at += id_size + 1
        if not number or at > end:
            return []
        size = 2 if wide else 1
        mask = 0x7FFF if wide else 0x7F
        numbers = [int.from_bytes(content[at + size * i : at + size * (i + 1)], 'big') & mask for i in range(number[0])]
        at += size * number[0]
        if item == main:
            return [listed[n - 1] for n in numbers if 0 < n <= len(listed)]
    return []


def avif_orientation(content: bytes) -> int:
    """Return EXIF's code of the turning and mirroring that an AVIF file asks for; 1 for none.

    >>> avif_orientation(b'no image')
    1
    """
    turns, axis = 0, None
    for kind, value in _properties(content):
        if kind == b'irot' and value:
            turns = value[0] & 3
        elif kind == b'imir' and value:
            axis = value[0] & 1
    return _EXIF[turns, axis]


def box_size(content: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels of an AVIF or JPEG 2000 file as stored; None where it does not say.

    >>> box_size(b'no image')
    """
    if is_avif(content):
        value = next((value for kind, value in _properties(content) if kind == b'ispe'), b'')
        sides = value[4:8], value[8:12]
    else:
        found = _find(content, 0, len(content), b'jp2h', b'ihdr')
        sides = (content[found[0] + 4 : found[0] + 8], content[found[0] : found[0] + 4]) if found else (b'', b'')
    width, height = (int.from_bytes(side, 'big') for side in sides)
    return (width, height) if width and height else None
