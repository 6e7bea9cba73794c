"""How fast a loop goes, and how long it will still take."""

import datetime
import time
from collections import deque
from collections.abc import Callable

__all__ = ['Pace', 'clock_text']


class Pace:
    """Measures a loop that can be paused (by a validation in the middle of training).

    Args:
        total: batches in the loop.
        done: batches done before (in a run that is resumed).
        clock: returns seconds; for tests.
    """

    def __init__(self, total: int, done: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self.total, self.done = total, done
        self._clock = clock
        self._mark = clock()
        self._recent: deque[tuple[float, int, int]] = deque(maxlen=100)  # seconds, batches, images

    def advance(self, done: int, images: int) -> None:
        """Note that ``done`` batches are done now, and the last step had ``images`` images.

        >>> ticks = iter([0.0, 2.0])
        >>> pace = Pace(5, clock=lambda: next(ticks))
        >>> pace.advance(1, images=8)
        >>> pace.images_per_second, pace.remaining
        (4.0, 8.0)
        """
        now = self._clock()
        self._recent.append((now - self._mark, done - self.done, images))
        self.done, self._mark = done, now

    def unpause(self) -> None:
        """Forget the time since the last step.

        >>> ticks = iter([0.0, 100.0, 102.0])
        >>> pace = Pace(5, clock=lambda: next(ticks))
        >>> pace.unpause()
        >>> pace.advance(1, images=8)
        >>> pace.images_per_second
        4.0
        """
        self._mark = self._clock()

    @property
    def images_per_second(self) -> float:
        """Images a second over the last hundred steps."""
        seconds, _, images = self._sums()
        return images / max(seconds, 1e-9)

    @property
    def remaining(self) -> float:
        """Seconds until the end at the pace of the last hundred steps."""
        seconds, batches, _ = self._sums()
        return (self.total - self.done) * seconds / max(batches, 1)

    def _sums(self) -> tuple[float, int, int]:
        return tuple(map(sum, zip(*self._recent, strict=True))) if self._recent else (0.0, 0, 0)


def clock_text(seconds: float) -> str:
    """Return a duration as hours, minutes and seconds.

    >>> clock_text(3725.4)
    '1:02:05'
    """
    return str(datetime.timedelta(seconds=round(seconds)))
