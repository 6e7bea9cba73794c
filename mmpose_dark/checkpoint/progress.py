"""Showing how far a download is: a bar in a terminal, a line now and then in a log."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from mmengine.logging import print_log

__all__ = ['show_progress']

_SECONDS_BETWEEN_LINES = 10


@contextlib.contextmanager
def show_progress(name: str) -> Iterator[Callable[[int, int | None], None]]:
    """Yield a function to be called with the bytes there are and the bytes in all (``None``: unknown).

    Args:
        name: what is being downloaded.
    """
    if not sys.stderr.isatty():
        yield _lines(name)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn('{task.description}'), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _lines(name: str) -> Callable[[int, int | None], None]:
    last = time.monotonic()

    def report(done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last > _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            of_total = f' of {total / 1e6:.1f}' if total else ''
            print_log(f'{name}: {done / 1e6:.1f}{of_total} MB', logger='current')

    return report
