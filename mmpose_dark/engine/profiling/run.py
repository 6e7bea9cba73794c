"""Running a runner's own loop with its parts wrapped; no step is imitated."""

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from ...utils.errors import InputError
from ..batch import batch_size
from ..runner_protocol import RunnerLike
from .clock import PhaseClock, StepTimes
from .parts import counted_parts, loader_settings, step_settings
from .profile import Profile
from .watched_loader import Progress, WatchedLoader

if TYPE_CHECKING:
    from mmengine.runner.base_loop import BaseLoop

__all__ = ['profile_runner', 'synchronizer']


def profile_runner(
    runner: RunnerLike,
    mode: str,
    *,
    steps: int,
    warm_up: int,
    progress: Progress = lambda stage, done, total: None,
) -> Profile:
    """Run a runner's own loop for some steps and find where they spend their time.

    On a GPU the host waits for the device at each border of a phase, or else the time of a kernel would be counted
    where its result is first needed; as many steps again run without that. Metrics are not computed at the end.

    Args:
        runner: of one process, not run yet; its weights change and its loop ends early.
        mode: 'train' or 'test'.
        steps: to measure.
        warm_up: steps before them.
        progress: called with what is done, how much of it, and how much there is.

    Raises:
        InputError: the loader gives no batch, or the loop ends too early.
    """
    clock = PhaseClock(synchronize=synchronizer(runner.device))
    loop = runner.train_loop if mode == 'train' else runner.test_loop
    if mode == 'train':
        runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    loader = loop.dataloader
    settings, how_loaded = step_settings(runner, loop, mode), loader_settings(loader)
    counted = _CountedSteps(
        loop, clock, steps=steps, warm_up=warm_up, overlaps=runner.device.type != 'cpu', progress=progress
    )
    with contextlib.ExitStack() as undo:

        def start() -> None:  # not earlier: mmengine changes the optimizer when it makes the schedules
            for owner, name, phase in counted_parts(runner, loop, mode):
                undo.callback(clock.wrap(owner, name, phase))
            clock.start()

        watched = WatchedLoader(loader, clock, start=start, done=lambda: counted.done, cycle=mode == 'test')
        _replace(undo, loop, 'dataloader', watched)
        _replace(undo, loop, 'run_iter', counted.run_iter)
        if mode == 'test':
            _replace(undo, loop.evaluator, 'evaluate', lambda size: {})
        runner.train() if mode == 'train' else runner.test()
    if not counted.done:
        raise InputError(
            f'the loop ended after {counted.count} of {counted.wanted} steps: give it more epochs or iterations'
        )
    rate = watched.free_rate(max(steps, 2 * how_loaded.workers), progress)
    return Profile(counted.kept, rate, settings, how_loaded, counted.overlapped_ms)


class _CountedSteps:
    """A loop's steps: some to warm up, some to measure, and where host and device overlap as many without waiting.

    Attributes:
        wanted: steps in all.
        count: steps that are done.
        kept: the measured ones.
        overlapped_ms: milliseconds a step without the waiting.
    """

    def __init__(
        self,
        loop: 'BaseLoop',
        clock: PhaseClock,
        *,
        steps: int,
        warm_up: int,
        overlaps: bool,
        progress: Progress,
    ) -> None:
        self._loop, self._clock, self._run_iter, self._progress = loop, clock, loop.run_iter, progress
        self._steps, self._warm_up, self._overlaps = steps, warm_up, overlaps
        self.wanted = warm_up + steps + (steps if overlaps else 0)
        self.count = 0
        self.kept: list[StepTimes] = []
        self.overlapped_ms: float | None = None
        self._overlap_start = 0.0

    @property
    def done(self) -> bool:
        return self.count >= self.wanted

    def run_iter(self, *args: object) -> None:
        """Run the loop's own step, whose last argument is the batch."""
        clock, samples = self._clock, batch_size(args[-1])
        self._run_iter(*args)
        self.count += 1
        if clock.active:
            times = clock.finish_step(samples)
            self.kept.extend([times] if self.count > self._warm_up else [])
        if self._overlaps and self.count == self._warm_up + self._steps:
            clock.active, self._overlap_start = False, clock.now()
        elif self._overlaps and self.done:
            self.overlapped_ms = 1e3 * (clock.now() - self._overlap_start) / self._steps
        if self.done:
            self._loop.stop_training = True
        self._progress('warm-up' if self.count <= self._warm_up else 'steps', self.count, self.wanted)


def synchronizer(device: torch.device) -> Callable[[], None]:
    """Return a function that waits until a device has done all that was asked of it."""
    if device.type == 'cuda':
        return lambda: torch.cuda.synchronize(device)
    return torch.mps.synchronize if device.type == 'mps' else lambda: None


def _replace(undo: contextlib.ExitStack, owner: object, name: str, value: object) -> None:
    """Set an attribute until ``undo`` ends."""
    if name in vars(owner):
        undo.callback(setattr, owner, name, vars(owner)[name])
    else:
        undo.callback(delattr, owner, name)
    setattr(owner, name, value)
