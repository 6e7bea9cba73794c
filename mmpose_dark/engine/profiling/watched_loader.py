"""A data loader whose user's waiting is counted."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..batch import Batch, ForeignBatch, batch_size
from .clock import LOADER, PhaseClock

if TYPE_CHECKING:
    from torch.utils.data import DataLoader

__all__ = ['Progress', 'WatchedLoader']

Progress = Callable[[str, int, int], None]
"""Takes what is done, how much of it, and how much there is."""

_LOADER_SECONDS = 15.0  # after which the loader's own pace is known well enough


class WatchedLoader:
    """Give a loader's batches until ``done()``, and count the waiting for them; all else is the loader's.

    Args:
        loader: whose batches are given.
        clock: counts.
        start: called before the first batch.
        done: says that no more batches are wanted.
        cycle: begin anew where the loader ends before.
    """

    def __init__(
        self,
        loader: 'DataLoader',
        clock: PhaseClock,
        *,
        start: Callable[[], None],
        done: Callable[[], bool],
        cycle: bool,
    ) -> None:
        self._loader, self._clock, self._cycle = loader, clock, cycle
        self._start, self._done = start, done
        self._batches: Iterator[Batch | ForeignBatch] | None = None
        self._started = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[Batch | ForeignBatch]:
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

    def next_or_none(self) -> Batch | ForeignBatch | None:
        """Return the next batch; None at the end of a pass, after which a new one begins."""
        if self._batches is None:
            self._batches = iter(self._loader)
        batch = next(self._batches, None)
        if batch is None:
            self._batches = None
        return batch

    def free_rate(self, batches: int, progress: Progress) -> float:
        """Samples a second when nothing else is done than taking batches; those made before do not count."""
        ahead = (self._loader.num_workers or 0) * (self._loader.prefetch_factor or 0) + 1
        samples, start = 0, 0.0
        for number in range(1, ahead + batches + 1):
            batch = self.next_or_none()
            batch = self.next_or_none() if batch is None else batch
            progress('loader alone', number, ahead + batches)
            if number == ahead:
                start = self._clock.now()
            elif number > ahead:
                samples += batch_size(batch)
                if self._clock.now() - start > _LOADER_SECONDS:
                    break
        return samples / max(self._clock.now() - start, 1e-9)
