"""A lock between processes, held through an open file: a killed process leaves none behind."""

import contextlib
import os
import pathlib
from collections.abc import Callable, Iterator

__all__ = ['file_lock']


@contextlib.contextmanager
def file_lock(path: pathlib.Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock ``path`` inside the ``with`` block, waiting for whoever holds it.

    Args:
        path: an empty file, made where it is missing and left in place.
        on_wait: called once where the lock is not free.

    Raises:
        OSError: the file cannot be made, or the file system has no locks.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with file_lock(pathlib.Path(folder, '.lock'), on_wait=lambda: print('waiting')):
    ...         print('mine')
    mine
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not _try_lock(descriptor, wait=False):
            on_wait()
            while not _try_lock(descriptor, wait=True):
                pass
        yield
    finally:
        os.close(descriptor)


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
