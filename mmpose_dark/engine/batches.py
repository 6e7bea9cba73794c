"""Batches of a loader, and what its worker processes did where none comes."""

import contextlib
import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..utils.errors import StateError
from .batch import Batch, ForeignBatch, raise_worker_error
from .worker_watch import WorkerWatch

if TYPE_CHECKING:
    from torch.utils.data import DataLoader

__all__ = ['batches']

_END = object()
_NEARLY = 0.98  # of a timeout: its clock is another one


def batches(loader: 'DataLoader', stage: str) -> Iterator[Batch | ForeignBatch]:
    """Yield the batches of ``loader``.

    Args:
        loader: to go over once.
        stage: 'train', 'val' or 'test', for the message.

    Raises:
        StateError: a worker process ended (killed for memory, say) or gave nothing within the loader's ``timeout``.
        UserError: what a worker process sent in the place of a batch.

    >>> list(batches([[1], [2]], 'train'))
    [[1], [2]]
    """
    watch = WorkerWatch(loader)
    try:
        with _explained(loader, stage, watch):
            watch.iterator = iterator = iter(loader)  # with persistent workers this waits for all of them
        while True:
            with _explained(loader, stage, watch):
                batch = next(iterator, _END)
            if batch is _END:
                return
            raise_worker_error(batch)
            yield batch
    finally:
        watch.end()


@contextlib.contextmanager
def _explained(loader: 'DataLoader', stage: str, watch: WorkerWatch) -> Iterator[None]:
    """Say what a worker process did where the ``with`` block ends with an error that does not say so."""
    started = time.monotonic()
    try:
        with watch.waiting():
            yield
    except (RuntimeError, EOFError, OSError) as err:
        late = watch.killed or time.monotonic() - started >= _NEARLY * (loader.timeout or math.inf)
        if watch.workers and isinstance(err, EOFError | ConnectionError):
            watch.wait_for_the_dead()
        told = _explanation(loader, watch, stage, late=late)
        if told is None:
            raise
        raise told from err


def _explanation(loader: 'DataLoader', watch: WorkerWatch, stage: str, *, late: bool) -> StateError | None:
    workers = watch.workers
    dead = [worker.pid for worker in workers if not worker.is_alive() and worker.exitcode]
    name = f'{stage}_dataloader'
    if dead and not watch.killed:
        codes = ', '.join(str(worker.exitcode) for worker in workers if worker.pid in dead)
        return StateError(
            f'{name}: worker process {", ".join(map(str, dead))} ended (exit code {codes}; -9: killed, mostly for '
            f'memory). Use fewer of them: {name}.num_workers={loader.num_workers // 2}'
        )
    if late:
        return StateError(
            f'{name}: no batch came from {len(workers)} worker processes in {loader.timeout:g} s. The disk or a worker '
            f'hangs; {name}.timeout is the limit in seconds (0: none)'
        )
    return None
