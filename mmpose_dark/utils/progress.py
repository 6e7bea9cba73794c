"""How far it is: a bar on a terminal, a line now and then elsewhere. Everything that takes long shows it this way.

`track` goes round a loop; `show_progress` gives a function to report to, for work that is no loop; `Bars` and
`Quiet` are what both are made of, for whoever shows several things at once.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TYPE_CHECKING, Protocol, TextIO, TypeVar

from .pace import Pace, clock_text

if TYPE_CHECKING:
    from rich.progress import TaskID

__all__ = ['SECONDS_BETWEEN_LINES', 'Bars', 'Quiet', 'Report', 'amount_text', 'show_progress', 'track']

SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_DRAWINGS = 0.1

Item = TypeVar('Item')


class Report(Protocol):
    """What is called with how much is done, and with how much there is (None: not known)."""

    def __call__(self, done: int, total: int | None = None, note: str = '') -> None:
        """Show it, unless that was done just now; ``note`` stands behind it."""


def track(
    items: Iterable[Item],
    total: int | None = None,
    unit: str = 'images',
    *,
    description: str = '',
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Item]:
    """Yield ``items``, and show how many were used up, how fast that goes and how long it will still take.

    Args:
        items: to loop over.
        total: how many there are; None to ask ``items`` for its length, if it has one.
        unit: their name, in the plural.
        description: what is done with them.
        stream: where to write; standard error by default. Nothing is written about a loop that is over at once.
        clock: returns seconds; for tests.

    >>> sum(track([1, 2, 3], unit='files'))
    6
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    with show_progress(description, total, unit, stream=stream, clock=clock) as report:
        for done, item in enumerate(items, 1):
            yield item
            report(done, total)


@contextlib.contextmanager
def show_progress(
    description: str = '',
    total: int | None = None,
    unit: str = 'images',
    *,
    done: int = 0,
    stream: TextIO | None = None,
    write: Callable[[str], object] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Report]:
    """Yield a function to be called with how much is done, and with how much there is where that becomes known later.

    Args:
        description: what is done.
        total: how much there is; None: not known yet.
        unit: of what, in the plural; 'bytes' are shown as megabytes.
        done: how much was done before.
        stream: where to write; standard error by default.
        write: takes a line where the stream is no terminal (such as a logger's ``info``); by default it goes to it.
        clock: returns seconds; for tests.

    >>> with show_progress('copying', unit='bytes') as report:
    ...     report(500_000, 1_000_000)
    """
    stream = sys.stderr if stream is None else stream
    on_terminal = stream.isatty()
    pace, known, last, shown = Pace(total or 0, done, clock), total, clock(), False
    with contextlib.ExitStack() as stack:
        bars: Bars | None = None

        def report(done: int, total: int | None = None, note: str = '') -> None:
            nonlocal bars, pace, known, last, shown
            known = total if total is not None else known
            now = clock()
            pause = _SECONDS_BETWEEN_DRAWINGS if on_terminal else SECONDS_BETWEEN_LINES
            if now - last < pause and not (shown and done == known):
                return
            last, shown = now, True
            if done < pace.done:  # it was begun anew
                pace = Pace(0, clock=clock)
            pace.total = known or 0
            pace.advance(done, done - pace.done)
            text = _text(done, known, unit, pace) + (f', {note}' if note else '')
            if on_terminal:
                if bars is None:
                    bars = stack.enter_context(Bars(stream))
                    bars.add(description, known)
                bars.update(description, done, text, total=known)
            elif write is not None:
                write(f'{description}: {text}' if description else text)
            else:
                print(f'  {description}: {text}' if description else f'  {text}', file=stream, flush=True)

        yield report


def amount_text(done: int, total: int | None, unit: str) -> str:
    """Return how much of how much, in words.

    >>> amount_text(3, 10, 'files'), amount_text(2_500_000, None, 'bytes')
    ('3/10 files', '2.5 MB')
    """
    if unit == 'bytes':
        return f'{done / 1e6:.1f}' + (f'/{total / 1e6:.1f} MB' if total else ' MB')
    return f'{done}/{total} {unit}' if total else f'{done} {unit}'


def _text(done: int, total: int | None, unit: str, pace: Pace) -> str:
    rate = pace.images_per_second
    rate_text = f'{rate / 1e6:.1f} MB/s' if unit == 'bytes' else f'{rate:.0f}/s' if rate >= 10 else f'{rate:.1f}/s'
    left = f', {clock_text(pace.remaining)} left' if total and done < total else ''
    return f'{amount_text(done, total, unit)}, {rate_text}{left}'


class Quiet:
    """Knows for how long nothing was written.

    Args:
        clock: returns seconds; for tests.

    >>> ticks = iter([0.0, 7.0, 8.0, 8.5])
    >>> quiet = Quiet(clock=lambda: next(ticks))
    >>> quiet.seconds
    7.0
    >>> quiet.end()
    >>> quiet.seconds
    0.5
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()

    @property
    def seconds(self) -> float:
        """Seconds since something was written."""
        return self._clock() - self._last

    def end(self) -> None:
        """Note that something is written now."""
        self._last = self._clock()


class Bars:
    """Bars at the bottom of a terminal, one a task, each with a text behind it.

    Args:
        stream: the terminal.
        transient: take the bars away at the end.
    """

    def __init__(self, stream: TextIO, *, transient: bool = False) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
        from rich.table import Column

        self.console = Console(file=stream, force_terminal=True)
        columns = (
            TextColumn('{task.description}', markup=False),
            BarColumn(16),
            TaskProgressColumn(),
            TextColumn('{task.fields[text]}', markup=False, table_column=Column(ratio=1, no_wrap=True)),
        )
        self._progress = Progress(
            *columns, console=self.console, transient=transient, expand=True, refresh_per_second=4
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> 'Bars':
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def add(self, name: str, total: int | None, done: int = 0) -> None:
        """Show a bar called ``name``, in the place of one of the same name."""
        self.remove(name)
        self._tasks[name] = self._progress.add_task(name, total=total, completed=done, text='')

    def update(self, name: str, done: int, text: str, *, total: int | None = None) -> None:
        """Set how far a bar is, the text behind it, and where it has become known how much there is.

        >>> import io
        >>> with Bars(io.StringIO(), transient=True) as bars:
        ...     bars.add('train', 10)
        ...     bars.update('train', 5, 'half')
        ...     bars.remove('train')
        """
        known = {} if total is None else dict(total=total)
        self._progress.update(self._tasks[name], completed=done, text=text, **known)

    def remove(self, name: str) -> None:
        """Take a bar away, if it is there."""
        if name in self._tasks:
            self._progress.remove_task(self._tasks.pop(name))
