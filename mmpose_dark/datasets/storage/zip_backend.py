"""Members of zip files."""

import os
import zlib
from collections.abc import Sequence

from .archive_backend import ArchiveBackend
from .packed_backend import MAX_MEMBER, ArchiveError

__all__ = ['ZipBackend']

_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 1
_LOCAL_HEADER = 30


class ZipBackend(ArchiveBackend):
    """Read images from zip files, stored (best for JPEG and PNG, which are compressed already) or deflated.

    ``dict(backend='zip', path='data/coco/train2017.zip')``

    Args:
        path: of the file, several of them, or a pattern such as ``'data/coco/*.zip'``.
        root: folder that it is read as if unpacked in; by default the one that it lies in.

    Raises:
        ValueError: several files in different folders, and no ``root``.
    """

    kind = 'zip'

    def _index(self, path: str) -> dict[str, tuple[int, ...]]:
        import zipfile

        try:
            with zipfile.ZipFile(path) as archive:
                infos = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as err:
            size = os.path.getsize(path)
            raise ArchiveError(
                f'zip file {path!r} ({size} bytes) is cut off or no zip file: {err}; get or pack it anew'
            ) from err
        members = {}
        for info in infos:
            if info.is_dir():
                continue
            if info.flag_bits & _ENCRYPTED or info.compress_type not in (_STORED, _DEFLATED):
                how = 'encrypted' if info.flag_bits & _ENCRYPTED else f'compressed by method {info.compress_type}'
                raise ArchiveError(
                    f'zip file {path!r}: member {info.filename!r} is {how}; pack it stored (zip -0) or deflated'
                )
            row = (info.header_offset, info.compress_size, info.file_size, info.compress_type, info.CRC)
            members[info.filename] = row
        return members

    def _content(self, number: int, row: Sequence[int]) -> bytes:
        offset, stored, size, method, checksum = row
        header = self._files.read(number, offset, _LOCAL_HEADER)
        where = f'zip file {self._files.paths[number]!r}: the member at byte {offset}'
        if header[:4] != b'PK\x03\x04':
            raise ArchiveError(f'{where} has no header; the file is damaged, get or pack it anew')
        names = int.from_bytes(header[26:28], 'little') + int.from_bytes(header[28:30], 'little')
        if size > MAX_MEMBER:
            raise ArchiveError(f'{where} inflates to {size} bytes, more than any image ({MAX_MEMBER}); it is not read')
        content = self._files.read(number, offset + _LOCAL_HEADER + names, stored)
        if method == _DEFLATED:
            try:
                # no more than it says, whatever it would inflate to
                content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, size + 1)
            except zlib.error as err:
                raise ArchiveError(f'{where} cannot be inflated ({err}); the file is damaged') from err
        if len(content) != size:
            found = f'{len(content)} bytes' if len(content) < size else 'more bytes'
            raise ArchiveError(f'{where} has {found} instead of {size}; the file is damaged')
        if zlib.crc32(content) != checksum:
            raise ArchiveError(f'{where} does not have the checksum that is written for it; the file is damaged')
        return content
