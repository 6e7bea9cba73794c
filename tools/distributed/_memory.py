"""Resident memory of this process, as Linux counts it."""

import pathlib

__all__ = ['anonymous', 'forget_peak', 'peak', 'resident']


def forget_peak() -> None:
    """Let the peak begin anew."""
    pathlib.Path('/proc/self/clear_refs').write_text('5')


def peak() -> int:
    """Return the most bytes since the start or `forget_peak`."""
    return _line('VmHWM')


def resident() -> int:
    """Return the bytes now."""
    return _line('VmRSS')


def anonymous() -> int:
    """Return the bytes now that are no file's, so that other processes cannot share them."""
    return _line('RssAnon')


def _line(name: str) -> int:
    text = pathlib.Path('/proc/self/status').read_text()
    return 1024 * int(next(line for line in text.splitlines() if line.startswith(name)).split()[1])
