"""Completing a data loader's settings with what suits this project."""

import gc
import signal

import cv2

from ..registry import FUNCTIONS
from ..utils.device import resolve_device
from ..utils.parents import end_children_at_exit, end_with_parent
from .randomness import seed_everything
from .worker_start import worker_context

__all__ = ['WORKER_TIMEOUT', 'complete_dataloader_cfg', 'release_workers', 'start_worker']

WORKER_TIMEOUT = 1800
"""Seconds after which a loader gives its worker processes up, unless its ``timeout`` says otherwise."""


def start_worker(worker_id: int, *, seed: int = 0, rank: int = 0, num_workers: int = 0) -> None:
    """Set a loader's worker process up: own seed, one OpenCV thread, Ctrl-C left to the main process, end with it.

    What was inherited from the main process is kept from the garbage collector: a finished data loader among it would
    be torn down here, in a process that its workers do not belong to, and says so with a traceback.
    """
    end_with_parent()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(0)
    seed_everything(seed, rank * max(num_workers, 1) + worker_id)


def complete_dataloader_cfg(dataloader: dict[str, object], *, seed: int | None, rank: int) -> dict[str, object]:
    """Return a copy of a loader's settings with defaults filled in.

    Samples are put together by `pose_collate`, memory is pinned where a GPU reads it, and settings of
    workers are dropped when there are none (``num_workers=0``), where torch would refuse them.

    >>> made = complete_dataloader_cfg(dict(batch_size=2, num_workers=0, persistent_workers=True), seed=3, rank=0)
    >>> sorted(made)
    ['batch_size', 'collate_fn', 'num_workers', 'pin_memory', 'worker_init_fn']
    """
    cfg = dict(dataloader)
    collate = cfg.get('collate_fn') or dict(type='pose_collate')
    if isinstance(collate, dict) and isinstance(collate['type'], str):  # mmengine looks in its own registry only
        collate = {**collate, 'type': FUNCTIONS.find(collate['type'])}
    cfg['collate_fn'] = collate
    cfg.setdefault('pin_memory', resolve_device().type == 'cuda')
    if not cfg.get('num_workers'):
        for name in ('persistent_workers', 'prefetch_factor', 'multiprocessing_context'):
            cfg.pop(name, None)
        cfg.pop('timeout', None)
    else:
        cfg.setdefault('timeout', WORKER_TIMEOUT)
        cfg.setdefault('multiprocessing_context', worker_context())
        end_children_at_exit()
    if 'worker_init_fn' not in cfg:
        cfg['worker_init_fn'] = dict(
            type=start_worker, seed=seed or 0, rank=rank, num_workers=cfg.get('num_workers', 0)
        )
    return cfg


def release_workers(loader: object) -> None:
    """End the worker processes that a loader with ``persistent_workers`` keeps; it starts new ones when needed.

    Left to Python's collector of cycles, torch waits 5 seconds for each of them: their queues are closed before they
    are told to end.

    >>> release_workers(None)
    """
    iterator = getattr(loader, '_iterator', None)
    if iterator is not None:
        loader._iterator = None
        iterator._shutdown_workers()
