"""Running a runner's own loop with its parts wrapped; no step is imitated."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch

from ...utils.errors import InputError
from ...utils.precision import amp_dtype
from ..dataloader import start_worker
from .advice import LoaderSettings, Profile, StepSettings
from .clock import BACKWARD, CODEC, LOADER, LOSS, METRIC, NETWORK, OPTIMIZER, REST, TRANSFER, PhaseClock, StepTimes

__all__ = ['profile_runner']

_LOADER_SECONDS = 15.0  # after which the loader's own pace is known well enough


class _WatchedLoader:
    """A data loader whose user's waiting is counted, and that goes on giving batches until ``done()``."""

    def __init__(
        self, loader: Any, clock: PhaseClock, *, start: Callable[[], None], done: Callable[[], bool], cycle: bool
    ) -> None:
        self._loader, self._clock, self._cycle = loader, clock, cycle
        self._start, self._done = start, done
        self._batches: Iterator[Any] | None = None
        self._started = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[Any]:
        if not self._started:
            self._started = True
            self._start()
        while not self._done():
            given = False
            while not self._done():
                with self._clock.phase(LOADER):
                    batch = self.next_or_none()
                if batch is None:
                    break
                given = True
                yield batch
            if not (self._cycle and given):
                return

    def next_or_none(self) -> Any:
        """Return the next batch; None at the end of a pass, after which a new one begins."""
        if self._batches is None:
            self._batches = iter(self._loader)
        batch = next(self._batches, None)
        if batch is None:
            self._batches = None
        return batch

    def free_rate(self, batches: int, progress: Callable[[str, int, int], None]) -> float:
        """Samples a second when nothing else is done than taking batches; those made before do not count."""
        ahead = (self.num_workers or 0) * (self.prefetch_factor or 0) + 1
        samples, start = 0, 0.0
        for number in range(1, ahead + batches + 1):
            batch = self.next_or_none()
            batch = self.next_or_none() if batch is None else batch
            progress('loader alone', number, ahead + batches)
            if number == ahead:
                start = self._clock.now()
            elif number > ahead:
                samples += _batch_size(batch)
                if self._clock.now() - start > _LOADER_SECONDS:
                    break
        return samples / max(self._clock.now() - start, 1e-9)


def _batch_size(batch: Any) -> int:
    return len(batch['inputs']) if isinstance(batch, dict) else len(batch[0])


def _synchronizer(device: torch.device) -> Callable[[], None]:
    if device.type == 'cuda':
        return lambda: torch.cuda.synchronize(device)
    return torch.mps.synchronize if device.type == 'mps' else lambda: None


def _heads(model: torch.nn.Module) -> list[torch.nn.Module]:
    return [m for m in model.modules() if hasattr(m, 'loss_module') or getattr(m, 'decoder', None) is not None]


def _wrapped_parts(runner: Any, loop: Any, mode: str) -> Iterator[tuple[Any, str, str]]:
    """Owner and name of each function to count, and its phase."""
    model = runner.bare_model
    yield model.data_preprocessor, 'forward', TRANSFER
    yield model, 'forward', NETWORK
    yield model, 'parse_losses', LOSS
    for part in model.modules():
        yield part, 'add_pred_to_datasample', REST
    for head in _heads(model):
        yield head, 'decode', CODEC
        yield getattr(head, 'loss_module', None), 'forward', LOSS
        for name in ('batch_encode', 'batch_decode'):
            yield getattr(head, 'decoder', None), name, CODEC
        for cls in type(head).__mro__:  # functions that the head calls by their name in its module
            yield sys.modules[cls.__module__], 'collect_targets', TRANSFER
            yield sys.modules[cls.__module__], 'heatmap_accuracy', METRIC
    if mode == 'train':
        yield runner.optim_wrapper, 'backward', BACKWARD
        yield runner.optim_wrapper, 'step', OPTIMIZER
        yield runner.optim_wrapper, 'zero_grad', OPTIMIZER
    else:
        yield loop.evaluator, 'process', METRIC


def _transforms(dataset: Any) -> list[Any]:
    """The transforms of a data set and of those that it is made of."""
    parts = [t for part in getattr(dataset, 'datasets', ()) for t in _transforms(part)]
    return [*parts, *getattr(getattr(dataset, 'pipeline', None), 'transforms', ())]


def _settings(runner: Any, loop: Any, mode: str) -> tuple[StepSettings, LoaderSettings]:
    model, loader = runner.bare_model, loop.dataloader
    half = getattr(runner.optim_wrapper, 'cast_dtype', None) if mode == 'train' else None
    if mode == 'test' and loop.amp:
        half = amp_dtype(loop.amp, runner.device)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
    transforms = _transforms(loader.dataset)
    settings = StepSettings(
        mode=mode,
        device=runner.device.type,
        precision=str(half or torch.float32).removeprefix('torch.'),
        channels_last=bool(runner.cfg.get('channels_last')),
        cores=cores,
        threads=torch.get_num_threads(),
        targets_in_loader=any(type(t).__name__ == 'GenerateTarget' for t in transforms),
        flip_test=bool((getattr(model, 'test_cfg', None) or {}).get('flip_test')),
        reduced=any(getattr(t, 'reduce_to', None) for t in transforms),
        packed=any((getattr(t, 'backend_args', None) or {}).get('backend') for t in transforms),
        acc_interval=max([getattr(h, 'acc_interval', 0) for h in _heads(model)], default=0),
    )
    start = loader.worker_init_fn
    return settings, LoaderSettings(
        workers=loader.num_workers,
        persistent=bool(loader.persistent_workers),
        pinned=bool(loader.pin_memory),
        prefetch=loader.prefetch_factor or 0,
        single_thread=getattr(start, 'func', start) is start_worker,
    )


def profile_runner(
    runner: Any,
    mode: str,
    *,
    steps: int,
    warm_up: int,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
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
        ValueError: the loader gives no batch, or the loop ends too early.
    """
    clock = PhaseClock(synchronize=_synchronizer(runner.device))
    loop = runner.train_loop if mode == 'train' else runner.test_loop
    if mode == 'train':
        runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    settings, loader_settings = _settings(runner, loop, mode)
    overlaps = runner.device.type != 'cpu'
    wanted = warm_up + steps + (steps if overlaps else 0)
    kept: list[StepTimes] = []
    count, overlap_start, overlapped = 0, 0.0, None
    run_iter, undo = loop.run_iter, contextlib.ExitStack()

    def start() -> None:  # not earlier: mmengine changes the optimizer when it makes the schedules
        seen = set()
        for owner, name, phase in _wrapped_parts(runner, loop, mode):
            if (id(owner), name) not in seen and hasattr(owner, name):
                seen.add((id(owner), name))
                undo.callback(clock.wrap(owner, name, phase))
        clock.start()

    def counted(*args: Any) -> None:
        nonlocal count, overlap_start, overlapped
        samples = _batch_size(args[-1])
        run_iter(*args)
        count += 1
        if clock.active:
            times = clock.finish_step(samples)
            kept.extend([times] if count > warm_up else [])
        if overlaps and count == warm_up + steps:
            clock.active, overlap_start = False, clock.now()
        elif overlaps and count == wanted:
            overlapped = 1e3 * (clock.now() - overlap_start) / steps
        if count == wanted:
            loop.stop_training = True
        progress('warm-up' if count <= warm_up else 'steps', count, wanted)

    loader = loop.dataloader
    if not len(loader):
        raise InputError(
            f'the loader gives no batch: {len(loader.dataset)} samples, batches of {loader.batch_size}, and drop_last; '
            'use a smaller batch (--batch-size)'
        )
    watched = _WatchedLoader(loader, clock, start=start, done=lambda: count >= wanted, cycle=mode == 'test')
    with undo:
        loop.dataloader, loop.run_iter = watched, counted
        undo.callback(setattr, loop, 'dataloader', loader)
        undo.callback(delattr, loop, 'run_iter')
        if mode == 'test':
            loop.evaluator.evaluate = lambda size: {}
            undo.callback(delattr, loop.evaluator, 'evaluate')
        runner.train() if mode == 'train' else runner.test()
    if count < wanted:
        raise InputError(f'the loop ended after {count} of {wanted} steps: give it more epochs or iterations')
    rate = watched.free_rate(max(steps, 2 * loader_settings.workers), progress)
    return Profile(kept, rate, settings, loader_settings, overlapped)
