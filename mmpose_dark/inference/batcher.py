"""Full batches from items with few or many parts each: the people of many images in one batch."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import Generic, TypeVar

from .ahead import threads_or_inline

__all__ = ['in_batches']

Item = TypeVar('Item')
Part = TypeVar('Part')
Result = TypeVar('Result')

_WAITING = 3  # batch sizes: one batch that is computed, one that is ready, one that fills


def in_batches(
    items: Iterable[tuple[Item, Iterable[Part]]],
    run: Callable[[list[Part]], Sequence[Result]],
    *,
    batch_size: int,
    threads: int = 0,
    size_of: Callable[[Item], int] = lambda item: 0,
    most: int = 0,
    waiting: int | None = None,
) -> Iterator[tuple[Item, list[Result]]]:
    """Run the parts of many items in full batches, and yield each item, in order, as soon as its parts are done.

    Not more than ``waiting`` items wait, however many of them have no parts: before that, what is there goes
    through as a smaller batch. Nor do more parts of an item with many: they are taken as batches have room. ``close``
    gives up the batches that have not begun, and waits for the one that has.

    Args:
        items: each with its parts, none, one or many.
        run: gives one result a part, in the same order.
        batch_size: parts a batch.
        threads: 1 runs the batches in a thread of their own, while the next items are taken and the caller works on
            the last ones; 0 runs them in the calling thread.
        size_of: how large an item is.
        most: items of more than this size together do not wait either; 0: however large they are.
        waiting: how many items may wait for a full batch; by default ``3 * batch_size``. With 0 each item comes out
            before the next one is taken: for live images, which would grow old.

    Yields:
        Each item with the results of its parts, in their order.

    >>> items = [('a', [1, 2]), ('b', []), ('c', [3])]
    >>> list(in_batches(items, lambda parts: [10 * p for p in parts], batch_size=2))
    [('a', [10, 20]), ('b', []), ('c', [30])]
    """
    with threads_or_inline(threads) as pool:
        line = _Line(run, batch_size, pool, size_of, most, _WAITING * batch_size if waiting is None else waiting)
        try:
            for item, parts in items:
                line.add(item, parts)
                yield from line.finished()
                while line.is_long:
                    line.advance()
                    yield from line.finished()
            line.flush()
            while line.waiting:
                line.advance()
                yield from line.finished()
        finally:
            line.cancel()


class _Waiting(Generic[Item, Result]):
    """An item whose parts are not all done."""

    def __init__(self, item: Item) -> None:
        self.item, self.missing = item, 0
        self.results: list[Result] = []


class _Line(Generic[Item, Part, Result]):
    """Items in order, on their way through the batches; two batches are under way at most."""

    def __init__(
        self,
        run: Callable[[list[Part]], Sequence[Result]],
        batch_size: int,
        pool: Executor,
        size_of: Callable[[Item], int],
        most: int,
        longest: int,
    ) -> None:
        self.longest = longest
        self.run, self.batch_size, self.pool = run, batch_size, pool
        self.size_of, self.most, self.size = size_of, most, 0
        self.waiting: deque[_Waiting[Item, Result]] = deque()
        self.parts: list[tuple[_Waiting[Item, Result], Part]] = []  # not yet in a batch
        self.batches: deque[tuple[Future[Sequence[Result]], list[_Waiting[Item, Result]]]] = deque()

    @property
    def is_long(self) -> bool:
        """Whether more items wait than should."""
        return len(self.waiting) > self.longest or (self.most and self.size > self.most)

    def add(self, item: Item, parts: Iterable[Part]) -> None:
        """Take an item, and submit the batches that are full."""
        waiting: _Waiting[Item, Result] = _Waiting(item)
        self.waiting.append(waiting)
        self.size += self.size_of(item)
        for part in parts:
            waiting.missing += 1
            self.parts.append((waiting, part))
            if len(self.parts) >= self.batch_size:
                self._submit()

    def flush(self) -> None:
        """Submit what is left, less than a batch."""
        if self.parts:
            self._submit()

    def finished(self) -> Iterator[tuple[Item, list[Result]]]:
        """Take out the items at the front whose parts are done."""
        while self.batches and self.batches[0][0].done():
            self._collect()
        while self.waiting and not self.waiting[0].missing:
            done = self.waiting.popleft()
            self.size -= self.size_of(done.item)
            yield done.item, done.results

    def advance(self) -> None:
        """Wait for the oldest batch; if none is under way, submit what is there first."""
        if not self.batches:
            self.flush()
        self._collect()

    def cancel(self) -> None:
        """Give up the batches that have not begun."""
        for future, _ in self.batches:
            future.cancel()

    def _submit(self) -> None:
        if len(self.batches) > 1:
            self._collect()
        taken, self.parts = self.parts[: self.batch_size], self.parts[self.batch_size :]
        future = self.pool.submit(self.run, [part for _, part in taken])
        self.batches.append((future, [waiting for waiting, _ in taken]))

    def _collect(self) -> None:
        future, items = self.batches.popleft()
        for waiting, result in zip(items, future.result(), strict=True):
            waiting.results.append(result)
            waiting.missing -= 1
