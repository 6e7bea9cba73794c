"""A lock between processes, held through an open file: a killed process leaves none behind."""

import contextlib
import os
import pathlib
import time
from collections.abc import Callable, Iterator

from ..utils.errors import StateError

__all__ = ['file_lock', 'only_one']

_NO_LINK = getattr(os, 'O_NOFOLLOW', 0)
_HELD: set[int] = set()  # descriptors of locks, which forked children must not keep


@contextlib.contextmanager
def file_lock(path: pathlib.Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock ``path`` inside the ``with`` block, waiting for whoever holds it.

    Args:
        path: an empty file, made where it is missing and left in place; no link is followed.
        on_wait: called once where the lock is not free.

    Raises:
        OSError: the file cannot be made, or the file system has no locks.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with file_lock(pathlib.Path(folder, '.lock'), on_wait=lambda: print('waiting')):
    ...         print('mine')
    mine
    """
    descriptor = _open(path)
    try:
        if not _try_lock(descriptor, wait=False):
            on_wait()
            while not _try_lock(descriptor, wait=True):
                pass
        yield
    finally:
        _close(descriptor)


@contextlib.contextmanager
def only_one(path: pathlib.Path, what: str, *, option: str = '--work-dir', patience: float = 5.0) -> Iterator[None]:
    """Hold the lock ``path`` inside the ``with`` block, or say that somebody else does.

    The file holds who that is, and is gone afterwards. Where the file system has no locks, none is held.

    Args:
        path: the lock's file, in a folder that is there.
        what: is done there, for the message.
        option: by which another folder is given, for the message.
        patience: seconds to wait for a holder that is just ending.

    Raises:
        StateError: another process (or this one) holds it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with only_one(pathlib.Path(folder, 'a.lock'), 'a training'):
    ...         os.listdir(folder)
    ...     os.listdir(folder)
    ['a.lock']
    []
    """
    until = time.monotonic() + patience
    while True:
        descriptor = _open(path)
        try:
            is_mine = _try_lock(descriptor, wait=False)
        except OSError:  # of the file system: it has no locks
            _close(descriptor)
            with contextlib.suppress(OSError):
                path.unlink()
            yield
            return
        if is_mine and _is_still(descriptor, path):
            break
        holder = os.pread(descriptor, 200, 0).decode(errors='replace').strip() if hasattr(os, 'pread') else ''
        _close(descriptor)
        if not is_mine and time.monotonic() > until:
            raise StateError(
                f'{path.parent}: {what} is running there already ({holder or "its process is not known"}). Wait for '
                f'it, end it, or use another folder ({option})'
            )
        time.sleep(0.1)
    try:
        os.truncate(path, 0)
        os.write(descriptor, f'process {os.getpid()}'.encode())
        yield
    finally:
        if os.name != 'nt':
            with contextlib.suppress(OSError):
                path.unlink()
        _close(descriptor)


def _open(path: pathlib.Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o666)
    _HELD.add(descriptor)
    return descriptor


def _close(descriptor: int) -> None:
    _HELD.discard(descriptor)
    os.close(descriptor)


def _is_still(descriptor: int, path: pathlib.Path) -> bool:
    """Say whether the open file is the one of that name: the holder before may have removed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _forget() -> None:
    """Close what a forked child inherited, or the lock would outlive its holder."""
    while _HELD:
        with contextlib.suppress(OSError):
            os.close(_HELD.pop())


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_forget)

if os.name == 'nt':
    import msvcrt

    def _try_lock(descriptor: int, *, wait: bool) -> bool:
        with contextlib.suppress(OSError):  # LK_LOCK gives up after ten seconds
            msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            return True
        return False

else:
    import fcntl

    def _try_lock(descriptor: int, *, wait: bool) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True
