"""Processes that end with the one that started them, also where that one is killed."""

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time

__all__ = ['end_with_parent']

_PR_SET_PDEATHSIG = 1
_SECONDS_BETWEEN_LOOKS = 1.0


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


def _watch(expected: int) -> None:
    while os.getppid() == expected:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(1)
