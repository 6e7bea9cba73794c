"""Dividing the time of a step among its phases."""

import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ['PHASES', 'PhaseClock', 'StepTimes']

LOADER, TRANSFER, NETWORK, CODEC, LOSS = 'loader', 'transfer', 'network', 'codec', 'loss'
METRIC, BACKWARD, OPTIMIZER, REST = 'metric', 'backward', 'optimizer', 'rest'
PHASES = dict(
    train=(LOADER, TRANSFER, NETWORK, CODEC, LOSS, METRIC, BACKWARD, OPTIMIZER, REST),
    test=(LOADER, TRANSFER, NETWORK, CODEC, METRIC, REST),
)
"""Phases of a step in the order of the table; see docs/profiling.md for what belongs to each."""


@dataclass(frozen=True)
class StepTimes:
    """Seconds of each phase of one step, and the samples in its batch."""

    seconds: dict[str, float]
    samples: int


class PhaseClock:
    """Divides the time of a loop's steps among phases; time in no phase is the rest's.

    Args:
        clock: returns seconds.
        synchronize: called before the clock is read at each border of a phase: waits for the device.

    >>> ticks = iter(range(9))
    >>> clock = PhaseClock(clock=lambda: next(ticks))
    >>> clock.start()
    >>> with clock.phase('network'), clock.phase('codec'):
    ...     pass
    >>> clock.finish_step(8).seconds
    {'rest': 2, 'network': 2, 'codec': 1}
    """

    def __init__(
        self, clock: Callable[[], float] = time.perf_counter, *, synchronize: Callable[[], None] = lambda: None
    ) -> None:
        self.active = True
        self._clock, self._synchronize = clock, synchronize
        self._stack = [REST]
        self._seconds: dict[str, float] = {}
        self._mark = 0.0

    def now(self) -> float:
        """Seconds, when the device has done all that was asked of it.

        >>> PhaseClock(clock=lambda: 3.0).now()
        3.0
        """
        self._synchronize()
        return self._clock()

    def start(self) -> None:
        """Begin a step now.

        >>> PhaseClock().start()
        """
        self._seconds, self._mark = {}, self.now()

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count the time inside for ``name``, but for that of the phases inside it.

        >>> ticks = iter([0.0, 1.0, 3.0, 3.5])
        >>> clock = PhaseClock(clock=lambda: next(ticks))
        >>> clock.start()
        >>> with clock.phase('network'):
        ...     pass
        >>> clock.finish_step(1).seconds
        {'rest': 1.5, 'network': 2.0}
        """
        if not self.active:
            yield
            return
        self._switch()
        self._stack.append(name)
        try:
            yield
        finally:
            self._switch()
            self._stack.pop()

    def finish_step(self, samples: int) -> StepTimes:
        """End the step, begin the next one, and return the times of the one that ended."""
        self._switch()
        done, self._seconds = StepTimes(self._seconds, samples), {}
        return done

    def wrap(self, owner: object, name: str, phase: str) -> Callable[[], None]:
        """Count the calls of an object's method for a phase.

        Args:
            owner: object that has the method; others of its class are not concerned.
            name: of the function.
            phase: that its time belongs to.

        Returns:
            A function that takes the wrapping away again.

        >>> ticks = iter([0.0, 1.0, 5.0, 5.0])
        >>> clock, part = PhaseClock(clock=lambda: next(ticks)), torch.nn.ReLU()
        >>> undo = clock.wrap(part, 'forward', 'network')
        >>> clock.start()
        >>> part(torch.ones(1))
        tensor([1.])
        >>> clock.finish_step(1).seconds['network']
        4.0
        """
        original = getattr(owner, name)
        was_own = name in vars(owner)

        @functools.wraps(original)  # with its attributes: mmengine marks the functions that it counts itself
        def timed(*args: object, **kwargs: object) -> object:
            with self.phase(phase):
                return original(*args, **kwargs)

        setattr(owner, name, timed)
        return lambda: setattr(owner, name, original) if was_own else delattr(owner, name)

    def _switch(self) -> None:
        now, phase = self.now(), self._stack[-1]
        self._seconds[phase] = self._seconds.get(phase, 0) + now - self._mark
        self._mark = now
