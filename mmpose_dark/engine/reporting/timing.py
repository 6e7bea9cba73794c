"""Testing with a clock on each stage."""

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..profiling.clock import LOADER, PhaseClock
from ..profiling.parts import counted_parts
from ..profiling.run import synchronizer
from ..runner_protocol import RunnerLike

if TYPE_CHECKING:
    from torch.utils.data import DataLoader

__all__ = ['timed_test']

EVALUATION = 'evaluation'


def timed_test(runner: RunnerLike) -> tuple[dict[str, float], dict[str, float]]:
    """Test, and count the seconds of each stage in this process.

    On a GPU the host waits for the device at each border of a stage, or else the time of a kernel would be counted
    where its result is first needed; the whole is a little slower for it.

    Args:
        runner: not run yet.

    Returns:
        The metrics, and the seconds by stage: those of `profiling.clock.PHASES` (``loader`` is the waiting for
        batches), ``evaluation`` and ``total``.
    """
    loop = runner.test_loop
    clock = PhaseClock(synchronize=synchronizer(runner.device))
    began = time.perf_counter()
    with contextlib.ExitStack() as undo:
        for owner, name, phase in counted_parts(runner, loop, 'test'):
            undo.callback(clock.wrap(owner, name, phase))
        undo.callback(clock.wrap(loop.evaluator, 'evaluate', EVALUATION))
        loader, loop.dataloader = loop.dataloader, _TimedLoader(loop.dataloader, clock)
        undo.callback(setattr, loop, 'dataloader', loader)
        clock.start()
        metrics = runner.test()
    seconds = clock.finish_step(0).seconds
    return metrics, {**seconds, 'total': time.perf_counter() - began}


class _TimedLoader:
    """A data loader, the waiting for whose batches is counted."""

    def __init__(self, loader: 'DataLoader', clock: PhaseClock) -> None:
        self._loader, self._clock = loader, clock

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> '_TimedBatches':
        with self._clock.phase(LOADER):  # worker processes start here
            return _TimedBatches(iter(self._loader), self._clock)


class _TimedBatches:
    """An iterator over batches; what else is asked of it (the worker processes) is the loader's own."""

    def __init__(self, batches: Iterator, clock: PhaseClock) -> None:
        self._batches, self._clock = batches, clock

    def __getattr__(self, name: str) -> object:
        return getattr(self._batches, name)

    def __iter__(self) -> '_TimedBatches':
        return self

    def __next__(self) -> object:
        with self._clock.phase(LOADER):
            return next(self._batches)
