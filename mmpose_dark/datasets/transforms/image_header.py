"""What the header of an image file says, read without decoding it."""

__all__ = ['exif_orientation', 'is_cut_off', 'jpeg_size']

_HEADER = 1 << 17


def exif_orientation(content: bytes) -> int:
    """Return the EXIF orientation (1 to 8) of a JPEG or PNG file; 1 if it says none.

    >>> exif_orientation(b'no image')
    1
    """
    head = content[:_HEADER]
    if content[:2] == b'\xff\xd8':
        start = head.find(b'Exif\x00\x00')
        start = start + 6 if start >= 0 else -1
    elif content[:4] == b'\x89PNG':
        start = head.find(b'eXIf')
        start = start + 4 if start >= 0 else -1
    else:
        start = -1
    if start < 0 or head[start : start + 2] not in (b'II', b'MM'):
        return 1
    tiff = head[start:]
    order = 'little' if tiff[:2] == b'II' else 'big'
    table = int.from_bytes(tiff[4:8], order)
    for i in range(int.from_bytes(tiff[table : table + 2], order)):
        entry = tiff[table + 2 + 12 * i : table + 14 + 12 * i]
        if int.from_bytes(entry[:2], order) == 0x0112:
            value = int.from_bytes(entry[8:10], order)
            return value if 1 <= value <= 8 else 1
    return 1


def is_cut_off(content: bytes) -> bool:
    r"""Tell whether a JPEG or PNG lacks its end: OpenCV fills what is missing with grey and does not say so.

    >>> is_cut_off(b'\x89PNG\r\n\x1a\n' + b'half of it')
    True
    """
    if content[:3] == b'\xff\xd8\xff':
        return content.rfind(b'\xff\xd9') < _walk(content)[0]
    if content[:8] == b'\x89PNG\r\n\x1a\n':
        return content.rfind(b'IEND') < 8
    return False


def jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels of a JPEG as stored; None for another file.

    >>> jpeg_size(b'no image')
    """
    return _walk(content)[1] if content[:3] == b'\xff\xd8\xff' else None


def _walk(content: bytes) -> tuple[int, tuple[int, int] | None]:
    """Go through the header of a JPEG (which may hold a thumbnail with an end of its own).

    Returns:
        Where the image begins, behind the header, and its width and height.
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
