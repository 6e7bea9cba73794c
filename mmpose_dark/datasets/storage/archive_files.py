"""Reading at any place of files, from threads and forked processes alike."""

import glob
import os
from collections.abc import Sequence
from typing import BinaryIO

from .packed_backend import ArchiveError

__all__ = ['ArchiveFiles', 'find_archives']

_OPEN_AT_MOST = 128


def find_archives(path: str | os.PathLike | Sequence[str | os.PathLike]) -> list[str]:
    """Files meant by a path, a pattern (``*``, ``?``, ``[...]``) or a list of them, each pattern's sorted.

    Raises:
        ArchiveError: a file does not exist, a pattern fits none, or a file is named twice.
    """
    given = [path] if isinstance(path, str | os.PathLike) else list(path)
    found: list[str] = []
    for item in map(os.fspath, given):
        files = [item] if os.path.isfile(item) else sorted(f for f in glob.glob(item) if os.path.isfile(f))
        if not files:
            what = 'no archive fits' if glob.has_magic(item) else 'there is no archive'
            raise ArchiveError(f'{what} {item!r} (looked from {os.getcwd()}); give its path, a list, or a pattern')
        found += files
    twice = next((f for f in found if found.count(f) > 1), None)
    if twice or not found:
        raise ArchiveError(f'the archive {twice!r} is named twice' if twice else 'no archive is named: path is empty')
    return found


class ArchiveFiles:
    """Files that are read at any place, without a common position.

    A process opens a file when it first reads it and never uses one that it has inherited.

    Args:
        paths: of the files.

    Attributes:
        paths: of the files.
        states: of each file its size in bytes, time of change and number, when this was made.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = list(paths)
        self.states = [_state(os.stat(path)) for path in paths]
        self._opened: tuple[int, dict[int, BinaryIO]] = (0, {})

    def changed(self) -> bool:
        """Whether one of the files is another one by now."""
        return any(
            not os.path.exists(p) or _state(os.stat(p)) != s for p, s in zip(self.paths, self.states, strict=True)
        )

    def read(self, number: int, offset: int, size: int) -> bytes:
        """Read ``size`` bytes at ``offset`` of file ``number``.

        Raises:
            ArchiveError: the file ends before, was changed since, or cannot be opened.
        """
        file = self._file(number)  # kept for the read: another thread may forget it meanwhile
        parts = []
        while size > 0:
            part = _read_at(file, offset, size)
            if not part:
                raise ArchiveError(f'the archive {self.paths[number]!r} ends at byte {offset}, within a member')
            parts.append(part)
            offset, size = offset + len(part), size - len(part)
        return parts[0] if len(parts) == 1 else b''.join(parts)

    def _file(self, number: int) -> BinaryIO:
        pid, files = self._opened
        if pid != os.getpid() or (number not in files and len(files) >= _OPEN_AT_MOST):
            pid, files = self._opened = (os.getpid(), {})
        file = files.get(number)
        if file is None:
            path = self.paths[number]
            try:
                file = open(path, 'rb', buffering=0)  # noqa: SIM115 (closed with the last reference to it)
            except OSError as err:
                raise ArchiveError(f'the archive {path!r} cannot be opened: {err.strerror}') from err
            if _state(os.fstat(file.fileno())) != self.states[number]:
                file.close()
                raise ArchiveError(f'the archive {path!r} was changed while it is in use; start again')
            files[number] = file
        return file


def _state(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


if hasattr(os, 'pread'):

    def _read_at(file: BinaryIO, offset: int, size: int) -> bytes:
        return os.pread(file.fileno(), size, offset)

else:  # Windows

    def _read_at(file: BinaryIO, offset: int, size: int) -> bytes:
        with open(file.name, 'rb', buffering=0) as own:
            own.seek(offset)
            return own.read(size)
