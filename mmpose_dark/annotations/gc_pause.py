"""Pausing the garbage collector while millions of small objects are made."""

import contextlib
import gc
from collections.abc import Iterator

__all__ = ['without_garbage_collection']


@contextlib.contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Pause the garbage collector: reading a million small objects is two to three times faster without it.

    Pauses may be nested; a collector that was off stays off.

    >>> import gc
    >>> with without_garbage_collection():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
