"""Which batch size a network is fastest with on this machine, tried in a few seconds."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from ..utils.errors import InputError

if TYPE_CHECKING:
    from ..models.pose_estimators import BasePoseEstimator

__all__ = ['auto_batch_size', 'fastest_size']

_LARGEST = 128
_SECONDS = 4.0
_REPEATS = 2
_AS_GOOD = 0.97  # of the best rate: the smaller batch is taken, it needs less memory and answers earlier
_WORSE = 0.9  # of the best rate: larger batches are not tried


def fastest_size(
    run: Callable[[int], object],
    *,
    largest: int = _LARGEST,
    seconds: float = _SECONDS,
    clock: Callable[[], float] = time.perf_counter,
) -> int:
    """Return the batch size, a power of two, with the most items a second.

    Args:
        run: runs one batch of so many items; may raise `torch.cuda.OutOfMemoryError`.
        largest: that is tried.
        seconds: no larger batch is begun that would probably end after these.
        clock: returns seconds; for tests.

    >>> now = [0.0]
    >>> def run(count):  # 10 ms a batch, and 1 ms an item
    ...     now[0] += 0.01 + 0.001 * count
    >>> fastest_size(run, largest=16, clock=lambda: now[0])
    16
    """
    rates: dict[int, float] = {}
    start, size, took = clock(), 1, 0.0
    while size <= largest and clock() - start + (_REPEATS + 1) * 2 * took < seconds:
        try:
            run(size)  # the first run of a size may prepare things
            times = []
            for _ in range(_REPEATS):
                before = clock()
                run(size)
                times.append(clock() - before)
        except torch.cuda.OutOfMemoryError:
            break
        took = min(times)
        rates[size] = size / max(took, 1e-9)
        if rates[size] < _WORSE * max(rates.values()):
            break
        size *= 2
    best = max(rates.values(), default=0.0)
    return next((size for size, rate in rates.items() if rate >= _AS_GOOD * best), 1)


@torch.no_grad()
def auto_batch_size(model: 'BasePoseEstimator') -> int:
    """Return the batch size that a model's network is fastest with, flip test included.

    Args:
        model: of `init_model`.

    Raises:
        InputError: the model has no decoder, which knows the input's size.
    """
    decoder = getattr(getattr(model, 'head', None), 'decoder', None)
    if decoder is None:
        raise InputError('--batch-size auto needs to know the size of the input: give model.head.decoder, or a number')
    width, height = decoder.input_size
    device = next(model.parameters()).device
    flip_indices = (model.dataset_meta or {}).get('flip_indices')

    def run(count: int) -> None:
        inputs = torch.zeros(count, 3, height, width, device=device)
        model.points(inputs, flip_indices=flip_indices).keypoints.cpu()  # waits for the device

    return fastest_size(run)
