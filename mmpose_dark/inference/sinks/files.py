"""How sinks write: streams that survive a kill, and whole files that appear when they are complete."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from ...utils.atomic_file import atomic_path
from ...utils.errors import OutputError

__all__ = ['Stream', 'WholeFile', 'writing']


@contextmanager
def writing(path: Path, *, left: str = '') -> Iterator[None]:
    """Turn the system's refusals into an error that names the file.

    Args:
        path: of the file.
        left: what is there now, for the message.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        yield
    except OSError as err:
        if isinstance(err, OutputError):
            raise
        raise OutputError(
            f'{path}: could not be written ({err.strerror or err})' + (f'; {left}' if left else '')
        ) from err


class Stream:
    """A text file that grows; after each call of ``add`` all of it is on its way to the disk.

    On a full disk it ends with the last piece that fitted whole.

    Args:
        path: of the file; its folder is made, and what was there is replaced.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._file, self._size = path, None, 0
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(path, 'wb', buffering=0)  # noqa: SIM115

    def add(self, text: str) -> None:
        """Write a piece.

        Raises:
            OutputError: full disk.
        """
        with writing(self.path, left='what came before is there'):
            data = rest = memoryview(text.encode())
            try:
                while rest:
                    rest = rest[self._file.write(rest) :]
            except OSError:
                with suppress(OSError):  # a pipe cannot be shortened
                    self._file.truncate(self._size)
                raise
            self._size += len(data)

    def close(self) -> None:
        """Close the file; a second call does nothing.

        Raises:
            OutputError: full disk.
        """
        if self._file is not None and not self._file.closed:
            with writing(self.path):
                self._file.close()

    def abort(self) -> None:
        """Close the file, whatever that says."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()


class _GivenUpError(Exception):
    """Ends the writing of a file that will not be complete."""


class WholeFile:
    """A file that gets its name when it is complete; until then an old one of that name stays.

    Args:
        path: of the file.
        mode: of ``open``; None: only a name to write to is wanted, ``temporary``.
    """

    def __init__(self, path: Path, mode: str | None = 'w') -> None:
        self.path, self._stack = path, ExitStack()
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self.temporary = Path(self._stack.enter_context(atomic_path(path, keep_suffix=True)))
            try:
                encoding = None if mode is None or 'b' in mode else 'utf-8'
                self.file: IO | None = None
                if mode is not None:
                    self.file = open(self.temporary, mode, encoding=encoding)  # noqa: SIM115
            except BaseException:
                self.abort()
                raise

    def complete(self) -> None:
        """Give the file its name.

        Raises:
            OutputError: full disk.
        """
        with writing(self.path, left='what was there before is untouched'):
            try:
                if self.file is not None:
                    self.file.flush()
                    os.fsync(self.file.fileno())
                    self.file.close()
                self._stack.close()
            except BaseException:
                self.abort()
                raise

    def abort(self) -> None:
        """Remove what was written."""
        if getattr(self, 'file', None) is not None:
            with suppress(OSError):
                self.file.close()
        with suppress(_GivenUpError, OSError):
            self._stack.__exit__(_GivenUpError, _GivenUpError(), None)
