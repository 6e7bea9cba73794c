"""Ctrl-C and a termination that come between two steps of a work, not in the middle of one."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

__all__ = ['Interrupts']


class Interrupts:
    """While it is entered, the first SIGINT or SIGTERM asks for an end, and waits while a step is ``held``.

    Outside of a held step it raises KeyboardInterrupt at once, since the program may wait for something that does not
    come. A second signal always raises it. In a thread other than the main one, where Python allows no handlers,
    nothing is changed.

    Attributes:
        requested: whether a signal came.

    >>> import os
    >>> done = []
    >>> with Interrupts() as interrupts:
    ...     for step in range(9):
    ...         with interrupts.held():
    ...             if step == 1:
    ...                 os.kill(os.getpid(), signal.SIGINT)
    ...             done.append(step)
    ...         if interrupts.requested:
    ...             break
    >>> done
    [0, 1]
    """

    def __init__(self) -> None:
        self.requested = False
        self._held = 0
        self._before: dict[int, object] = {}

    def __enter__(self) -> 'Interrupts':
        if threading.current_thread() is threading.main_thread():
            for kind in (signal.SIGINT, signal.SIGTERM):
                self._before[kind] = signal.signal(kind, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let the block end before the first signal takes effect."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

    def _handle(self, number: int, frame: FrameType | None) -> None:
        again, self.requested = self.requested, True
        if again or not self._held:
            raise KeyboardInterrupt
