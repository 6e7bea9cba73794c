"""Keeping what a C library prints, without being asked, from the user's terminal."""

import contextlib
import os
import threading
from collections.abc import Iterator

__all__ = ['without_stderr']

_LOCK = threading.RLock()


@contextlib.contextmanager
def without_stderr() -> Iterator[None]:
    """Send what the process writes to its error stream nowhere, for the moment of one call.

    libjpeg prints a line about a file that is tried on purpose with bytes that do not belong to it.

    >>> with without_stderr():
    ...     _ = os.write(2, b'nobody reads this')
    """
    with _LOCK, contextlib.ExitStack() as stack:
        try:
            kept = os.dup(2)
        except OSError:  # there is no error stream
            yield
            return
        stack.callback(os.close, kept)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        stack.callback(os.close, nowhere)
        os.dup2(nowhere, 2)
        stack.callback(os.dup2, kept, 2)
        yield
