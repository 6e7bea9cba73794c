"""How long each stage of inference was busy."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ['StageTimes']


class StageTimes:
    """Adds up the seconds that stages are busy, in whatever threads they run.

    Stages of several threads are busy at the same time, so their sum may be more than the whole took.

    Args:
        clock: returns seconds; for tests.

    Attributes:
        seconds: by stage, in the order in which they first ended.

    >>> ticks = iter([0.0, 2.0, 2.0, 5.0])
    >>> times = StageTimes(clock=lambda: next(ticks))
    >>> with times.measure('read'):
    ...     pass
    >>> with times.measure('network'):
    ...     pass
    >>> str(times)
    'read 2.0 s, network 3.0 s'
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.seconds: dict[str, float] = {}
        self._clock, self._lock = clock, threading.Lock()

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Count the time of the block for a stage."""
        start = self._clock()
        try:
            yield
        finally:
            spent = self._clock() - start
            with self._lock:
                self.seconds[stage] = self.seconds.get(stage, 0.0) + spent

    def __str__(self) -> str:
        return ', '.join(f'{stage} {spent:.1f} s' for stage, spent in self.seconds.items())
