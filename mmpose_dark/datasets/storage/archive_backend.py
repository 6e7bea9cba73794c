"""What zip and tar files have in common: several of them, indexed once, read at any place."""

import os
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from ...utils.errors import InputError
from .archive_files import ArchiveFiles, find_archives
from .member_table import MemberTable
from .packed_backend import ArchiveError, PackedBackend, member_name

__all__ = ['ArchiveBackend']


class ArchiveBackend(PackedBackend):
    """Base of :class:`ZipBackend` and :class:`TarBackend`, which say how one file is indexed and read.

    Args:
        path: of the file, several of them, or a pattern.
        root: folder that they are read as if unpacked in; by default the one that they lie in.

    Raises:
        ValueError: several files in different folders, and no ``root``.
    """

    kind: ClassVar[str]

    def __init__(self, path: str | os.PathLike | Sequence[str | os.PathLike], root: str | None = None) -> None:
        self.path = path
        if root is None:
            given = [path] if isinstance(path, str | os.PathLike) else path
            folders = sorted({os.path.dirname(os.fspath(p)) for p in given})
            if len(folders) > 1 or any('*' in f or '?' in f for f in folders):
                raise InputError(
                    f'the {self.kind} files {path!r} lie in different folders: give root, the folder that they are '
                    'to be read as if unpacked in'
                )
            root = folders[0] if folders else ''
        super().__init__(root)
        self._files: ArchiveFiles | None = None
        self._table: MemberTable | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Only the arguments: another process indexes for itself."""
        return dict(vars(self), _files=None, _table=None)

    @abstractmethod
    def _index(self, path: str) -> dict[str, tuple[int, ...]]:
        """Return what :meth:`_content` needs of each member of one file, by name."""

    @abstractmethod
    def _content(self, number: int, row: Sequence[int]) -> bytes:
        """Read a member of file ``number``."""

    def open(self) -> None:
        """Index the files, again if one has changed; see :meth:`PackedBackend.open`."""
        if self._table is not None and not self._files.changed():
            return
        files = ArchiveFiles(find_archives(self.path))
        members: dict[str, tuple[int, ...]] = {}
        for number, path in enumerate(files.paths):
            try:
                index = self._index(path)
            except ArchiveError:
                raise
            except OSError as err:
                raise ArchiveError(f'{self.kind} file {path!r} cannot be read: {err.strerror or err}') from err
            rows = {member_name(name): (number, *row) for name, row in index.items()}
            if number and not members.keys().isdisjoint(rows):
                name = next(name for name in rows if name in members)
                first = files.paths[members[name][0]]
                raise ArchiveError(f'the member {name!r} is in {first!r} and in {path!r}; which one is meant?')
            members.update(rows)
        # The table last: a thread that finds it finds the files too.
        self._files, self._table = files, MemberTable(members)

    def state(self, filepath: str | os.PathLike) -> tuple | None:
        """What changes when the content of a path does; None if there is no such member."""
        found = self._find(filepath)
        return None if found is None else (self._files.paths[found[0]], self._files.states[found[0]], found)

    def _find(self, filepath: str | os.PathLike) -> tuple[int, ...] | None:
        if self._table is None:
            self.open()
        name = self.member(filepath)
        return None if name is None else self._table.find(name)

    def _read(self, found: tuple[int, ...]) -> bytes:
        return self._content(found[0], found[1:])

    def _describe(self) -> str:
        paths = self._files.paths
        return f'{self.kind} file {paths[0]!r}' + (f' and {len(paths) - 1} more' if len(paths) > 1 else '')

    def _count_and_examples(self) -> tuple[int, list[str]]:
        return len(self._table), self._table.first(3)
