"""Keeping a library from leaving a dangling signal stack behind."""

import contextlib
import ctypes
import sys
from collections.abc import Iterator

__all__ = ['signal_stack', 'signal_stack_kept']


class _Stack(ctypes.Structure):
    """``stack_t`` of Linux."""

    _fields_ = (('address', ctypes.c_void_p), ('flags', ctypes.c_int), ('size', ctypes.c_size_t))


def signal_stack() -> tuple[int | None, int, int]:
    """Return the calling thread's alternate signal stack: address, flags and size (see ``man 2 sigaltstack``).

    >>> len(signal_stack()) if sys.platform.startswith('linux') else 3
    3
    """
    stack = _Stack()
    _sigaltstack(None, stack)
    return stack.address, stack.flags, stack.size


@contextlib.contextmanager
def signal_stack_kept() -> Iterator[None]:
    """Put the calling thread's alternate signal stack back as it was.

    OpenVINO (seen in 2026.4) sets one of its own when it compiles a network, and puts the former one back when the
    network goes. With two networks that go in the order they came, the one put back last is the first network's, which
    is freed: the next signal, such as the end of a subprocess, then ends the program.
    """
    if not sys.platform.startswith('linux'):
        yield
        return
    before = _Stack()
    _sigaltstack(None, before)
    try:
        yield
    finally:
        _sigaltstack(before, None)


def _sigaltstack(new: _Stack | None, old: _Stack | None) -> None:
    function = ctypes.CDLL(None, use_errno=True).sigaltstack
    if function(None if new is None else ctypes.byref(new), None if old is None else ctypes.byref(old)):
        raise OSError(ctypes.get_errno(), 'sigaltstack failed')
