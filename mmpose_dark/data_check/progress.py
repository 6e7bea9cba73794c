"""How far a long loop over records is: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TextIO

__all__ = ['track']

_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_DRAWINGS = 0.1
_BAR = 30


def track(
    items: Iterable[Any],
    total: int,
    what: str,
    *,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Any]:
    """Yield ``items`` and show how many of ``total`` were used up.

    Args:
        items: to loop over.
        total: how many there are.
        what: their name, in the plural.
        stream: where to write; standard error by default. Nothing is written about a loop that is over at once.
        clock: returns seconds; for tests.
    """
    stream = sys.stderr if stream is None else stream
    bar, start = stream.isatty(), clock()
    last, shown = start, False
    pause = _SECONDS_BETWEEN_DRAWINGS if bar else _SECONDS_BETWEEN_LINES
    for done, item in enumerate(items, 1):
        yield item
        if clock() - last >= pause or (shown and done == total):
            last, shown = clock(), True
            left = (last - start) / done * (total - done)
            if bar:
                filled = _BAR * done // max(total, 1)
                picture = f'[{"#" * filled}{"." * (_BAR - filled)}] '
                end = '\n' if done == total else ''
                print(f'\r  {picture}{done}/{total} {what}, {left:.0f} s left  ', end=end, file=stream, flush=True)
            else:
                print(f'  {done}/{total} {what}, {left:.0f} s left', file=stream, flush=True)
