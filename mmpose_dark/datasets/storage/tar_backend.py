"""Members of tar files."""

from collections.abc import Sequence

from .archive_backend import ArchiveBackend
from .packed_backend import ArchiveError, member_name

__all__ = ['TarBackend']

_BLOCK = 512
_COMPRESSED = {b'\x1f\x8b': 'gzip', b'BZ': 'bzip2', b'\xfd7': 'xz', b'\x28\xb5': 'zstd'}


class TarBackend(ArchiveBackend):
    """Read images from tar files, one or many ("shards"), not compressed.

    ``dict(backend='tar', path='data/coco/train2017-*.tar')``

    A tar file has no list of its members: its headers are read once, before the first image. Of
    members of one name the last counts, as when unpacking; hard links are followed, symbolic ones
    are left out.

    Args:
        path: of the file, several of them, or a pattern.
        root: folder that they are read as if unpacked in; by default the one that they lie in.

    Raises:
        ValueError: several files in different folders, and no ``root``.
    """

    kind = 'tar'

    def _index(self, path: str) -> dict[str, tuple[int, ...]]:
        import tarfile

        with open(path, 'rb') as file:
            start = file.read(2)
        if start in _COMPRESSED:
            raise ArchiveError(
                f'tar file {path!r} is compressed ({_COMPRESSED[start]}), so no member can be read without all before '
                'it; uncompress it, images hardly get larger'
            )
        members: dict[str, tuple[int, ...]] = {}
        try:
            with tarfile.open(path, 'r:') as archive:
                while (info := archive.next()) is not None:
                    archive.members.clear()  # which keeps all that it has seen
                    if info.issparse():
                        raise ArchiveError(f'tar file {path!r}: member {info.name!r} is sparse; pack it without -S')
                    if info.isreg():
                        members[info.name] = (info.offset_data, info.size)
                    elif info.islnk():
                        target = members.get(info.linkname) or members.get(member_name(info.linkname))
                        if target:
                            members[info.name] = target
                end = archive.offset
        except tarfile.TarError as err:
            raise ArchiveError(f'tar file {path!r} is cut off or no tar file: {err}; get or pack it anew') from err
        # tarfile takes whatever is no header for the end.
        with open(path, 'rb') as file:
            file.seek(end)
            if file.read(_BLOCK) != bytes(_BLOCK):
                raise ArchiveError(
                    f'tar file {path!r} is cut off or damaged: at byte {end} is neither a header nor the end mark; '
                    'get or pack it anew'
                )
        return members

    def _content(self, number: int, row: Sequence[int]) -> bytes:
        return self._files.read(number, *row)
