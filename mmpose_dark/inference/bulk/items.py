"""One image of a lake: where it is, and what it is called."""

from pathlib import Path
from typing import NamedTuple

__all__ = ['Item', 'stamp_of']


class Item(NamedTuple):
    """An image of a lake.

    Attributes:
        path: absolute path of the image, or of the tar or Parquet file that holds it.
        member: name in the tar, or row of the Parquet file; '' for a file of its own.
        image_id: path in its folder, name in the tar, or of a row its id, or path and row.
        error: why it cannot be used, known from listing; '' for nothing.
        stamp: size and time of the file, or of the member of a tar; another one says that it has changed.
        offset: of the first byte in the tar.
        size: bytes in the tar.
        column: of the Parquet file, which has the bytes.
    """

    path: str
    member: str
    image_id: str
    error: str = ''
    stamp: str = ''
    offset: int = 0
    size: int = 0
    column: str = ''

    @property
    def name(self) -> str:
        """Return what the image is called in tables.

        >>> Item('a.tar', 'x.jpg', 'x.jpg').name
        'a.tar#x.jpg'
        """
        return f'{self.path}#{self.member}' if self.member else self.path

    @property
    def box_name(self) -> str:
        """Return what a file of boxes calls the image.

        >>> Item('a.tar', 'x.jpg', 'x.jpg').box_name, Item('/lake/a.jpg', '', 'a.jpg').box_name
        ('x.jpg', '/lake/a.jpg')
        """
        return self.image_id if self.member else self.path


def stamp_of(path: Path) -> str:
    """Return size and time of a file; '' where it is not there.

    >>> stamp_of(Path('not there'))
    ''
    """
    try:
        told = path.stat()
    except OSError:
        return ''
    return f'{told.st_size} {told.st_mtime_ns}'
