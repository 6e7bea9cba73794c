"""Memory that was freed, given back to the system."""

import ctypes
import os

__all__ = ['give_back_free_memory']


def give_back_free_memory() -> bool:
    """Give back what the C library keeps of freed memory, after millions of small arrays have gone; glibc only.

    Small arrays lie between others that stay, so that glibc gives nothing back by itself: of a dataset of 1.5 million
    people, a gigabyte. It takes milliseconds.

    Returns:
        Whether anything was given back; other C libraries have no such function.

    >>> give_back_free_memory() in (True, False)
    True
    """
    if os.name != 'posix':
        return False
    trim = getattr(ctypes.CDLL(None), 'malloc_trim', None)
    return bool(trim and trim(0))
