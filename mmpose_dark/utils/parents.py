"""Processes that end with the one that started them, also where that one is killed, or where they are frozen."""

import atexit
import contextlib
import ctypes
import functools
import multiprocessing
import os
import signal
import sys
import threading
import time

__all__ = ['end_children_at_exit', 'end_with_parent']

_PR_SET_PDEATHSIG = 1
_SECONDS_BETWEEN_LOOKS = 1.0
_SECONDS_TO_END = 2.0


def end_with_parent(parent: int | None = None) -> None:
    """Let this process be killed when its parent ends, however that ends.

    On Linux the kernel does it, at once and also where this process is stopped or busy. Everywhere else (and beside
    it) a thread looks every second whether the parent is still the same.

    Args:
        parent: process id of the parent; by default the one there is now.
    """
    expected = os.getppid() if parent is None else parent
    if sys.platform.startswith('linux'):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.name != 'posix':
        return  # there is no other parent to become the child of
    if os.getppid() != expected:
        os._exit(1)  # it ended before it could be watched
    threading.Thread(target=_watch, args=(expected,), daemon=True, name='end_with_parent').start()


@functools.cache
def end_children_at_exit() -> None:
    """Let this process, at its end, kill those children of `multiprocessing` that do not end when told to.

    Python waits for them without end, and one that is stopped, or waits for a disk, does not hear that it should end.

    >>> end_children_at_exit()
    """
    atexit.register(_end_children)  # later than that of multiprocessing, so it runs before


def _end_children() -> None:
    children = [child for child in multiprocessing.active_children() if child.daemon]
    for child in children:
        child.terminate()
    until = time.monotonic() + _SECONDS_TO_END
    for child in children:
        child.join(max(until - time.monotonic(), 0))
        if child.is_alive():
            child.kill()


def _watch(expected: int) -> None:
    while os.getppid() == expected:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(1)
