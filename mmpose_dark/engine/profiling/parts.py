"""The parts of a runner whose time is counted, and how they are set up."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from ...datasets.transforms import GenerateTarget
from ...models.heads import BaseHead
from ...utils.precision import amp_dtype
from ..dataloader import start_worker
from ..runner_protocol import RunnerLike
from .clock import BACKWARD, CODEC, LOSS, METRIC, NETWORK, OPTIMIZER, REST, TRANSFER
from .profile import LoaderSettings, StepSettings

if TYPE_CHECKING:
    from mmengine.runner.base_loop import BaseLoop
    from torch.utils.data import DataLoader, Dataset

__all__ = ['counted_parts', 'loader_settings', 'step_settings']

_OF_HEAD = dict(make_targets=TRANSFER, accuracy=METRIC, points=CODEC)
_OF_CODEC = dict(batch_encode=CODEC, batch_decode=CODEC)
_OF_MODEL = dict(forward=NETWORK, parse_losses=LOSS, pack_points=REST)
_OF_OPTIMIZER = dict(backward=BACKWARD, step=OPTIMIZER, zero_grad=OPTIMIZER)


def counted_parts(runner: RunnerLike, loop: 'BaseLoop', mode: str) -> Iterator[tuple[object, str, str]]:
    """Yield each object that has a method to count, the method's name, and the phase that its time belongs to.

    What a network does not have is left out: only heads of this package make targets, say.

    Args:
        runner: the runner.
        loop: the one that runs.
        mode: 'train' or 'test'.
    """
    model = runner.bare_model
    found: list[tuple[object, dict[str, str]]] = [(model.data_preprocessor, dict(forward=TRANSFER)), (model, _OF_MODEL)]
    for head in _heads(model):
        found.append((head, _OF_HEAD))
        found.append((getattr(head, 'loss_module', None), dict(forward=LOSS)))
        found.append((head.decoder, _OF_CODEC))
    found.append((runner.optim_wrapper, _OF_OPTIMIZER) if mode == 'train' else (loop.evaluator, dict(process=METRIC)))
    seen: set[tuple[int, str]] = set()
    for owner, methods in found:
        for name, phase in methods.items():
            if (id(owner), name) not in seen and hasattr(owner, name):
                seen.add((id(owner), name))
                yield owner, name, phase


def step_settings(runner: RunnerLike, loop: 'BaseLoop', mode: str) -> StepSettings:
    """Read from a runner how its steps are set up.

    Args:
        runner: the runner.
        loop: the one that runs.
        mode: 'train' or 'test'.
    """
    model = runner.bare_model
    half = getattr(runner.optim_wrapper, 'cast_dtype', None) if mode == 'train' else None
    if mode == 'test' and loop.amp:
        half = amp_dtype(loop.amp, runner.device)
    transforms = _transforms(loop.dataloader.dataset)
    return StepSettings(
        mode=mode,
        device=runner.device.type,
        precision=str(half or torch.float32).removeprefix('torch.'),
        channels_last=bool(runner.cfg.get('channels_last')),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1,
        threads=torch.get_num_threads(),
        targets_in_loader=any(isinstance(t, GenerateTarget) for t in transforms),
        flip_test=bool((getattr(model, 'test_cfg', None) or {}).get('flip_test')),
        reduced=any(getattr(t, 'reduce_to', None) for t in transforms),
        packed=any((getattr(t, 'backend_args', None) or {}).get('backend') for t in transforms),
        acc_interval=max([getattr(h, 'acc_interval', 0) for h in _heads(model)], default=0),
    )


def loader_settings(loader: 'DataLoader') -> LoaderSettings:
    """Read how a data loader is set up.

    >>> loader_settings(torch.utils.data.DataLoader([1, 2], batch_size=2)).workers
    0
    """
    start = loader.worker_init_fn
    return LoaderSettings(
        workers=loader.num_workers,
        persistent=bool(loader.persistent_workers),
        pinned=bool(loader.pin_memory),
        prefetch=loader.prefetch_factor or 0,
        single_thread=getattr(start, 'func', start) is start_worker,
    )


def _heads(model: torch.nn.Module) -> list[BaseHead]:
    return [part for part in model.modules() if isinstance(part, BaseHead)]


def _transforms(dataset: 'Dataset') -> list[object]:
    """Return the transforms of a dataset and of those that it is made of."""
    parts = [t for part in getattr(dataset, 'datasets', ()) for t in _transforms(part)]
    return [*parts, *getattr(getattr(dataset, 'pipeline', None), 'transforms', ())]
