"""The log above a terminal's bars: whole lines, without those that the bars show."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ['log_above_bars']


@contextlib.contextmanager
def log_above_bars(
    logger: logging.Logger, console: 'Console', *, leave_out: Callable[[logging.LogRecord], bool]
) -> Iterator[None]:
    r"""Let a logger write above the bars of a console inside the ``with`` block; log files are not concerned.

    Args:
        logger: its handlers to plain streams (standard output and error) are led there.
        console: of the bars.
        leave_out: says of a record that the terminal does not get it.

    >>> import io
    >>> from rich.console import Console
    >>> logger, console = logging.Logger('example'), Console(file=io.StringIO())
    >>> logger.addHandler(logging.StreamHandler(io.StringIO()))
    >>> with log_above_bars(logger, console, leave_out=lambda record: record.levelno < logging.WARNING):
    ...     logger.info('left out')
    ...     logger.warning('shown')
    >>> console.file.getvalue()
    'shown\n'
    """
    handlers = [handler for handler in logger.handlers if type(handler) is logging.StreamHandler]
    left_out = _LeftOut(leave_out)
    streams = [handler.setStream(_AboveBars(console)) for handler in handlers]
    for handler in handlers:
        handler.addFilter(left_out)
    try:
        yield
    finally:
        for handler, stream in zip(handlers, streams, strict=True):
            handler.removeFilter(left_out)
            handler.setStream(stream)


class _LeftOut(logging.Filter):
    def __init__(self, leave_out: Callable[[logging.LogRecord], bool]) -> None:
        super().__init__()
        self._leave_out = leave_out

    def filter(self, record: logging.LogRecord) -> bool:
        return not self._leave_out(record)


class _AboveBars:
    """A stream that writes whole lines above the bars."""

    def __init__(self, console: 'Console') -> None:
        self._console = console
        self._text = ''

    def write(self, text: str) -> None:
        from rich.text import Text

        *lines, self._text = (self._text + text).split('\n')
        for line in lines:
            self._console.print(Text.from_ansi(line), soft_wrap=True)

    def flush(self) -> None:
        pass
