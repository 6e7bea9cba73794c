"""Work done ahead of the one who asks for it, in threads, in order, and never too far ahead."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

__all__ = ['map_ahead', 'taken_ahead', 'threads_or_inline']

Item = TypeVar('Item')
Result = TypeVar('Result')
Arguments = ParamSpec('Arguments')


class _Inline(Executor):
    """Does at once what is submitted, in the calling thread."""

    def submit(
        self, fn: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> 'Future[Result]':
        future: Future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def threads_or_inline(threads: int) -> Executor:
    """Return an executor with so many threads; with none, it does everything in the calling thread.

    >>> with threads_or_inline(0) as executor:
    ...     executor.submit(abs, -3).result()
    3
    """
    return ThreadPoolExecutor(threads) if threads else _Inline()


def map_ahead(work: Callable[[Item], Result], items: Iterable[Item], *, threads: int) -> Iterator[Result]:
    """Yield ``work(item)`` in order, while threads work on the next items.

    A result comes out when ``2 * threads`` further items have been taken: not more than that are under way or wait,
    however many there are. ``close`` gives up those that have not begun, and waits for the others.

    Args:
        work: called in the threads.
        items: taken in the calling thread, one after the other.
        threads: how many; 0 works on one item after the other.

    >>> list(map_ahead(abs, [-1, -2], threads=2))
    [1, 2]
    """
    with threads_or_inline(threads) as pool:
        queue: deque[Future[Result]] = deque()
        try:
            for item in items:
                queue.append(pool.submit(work, item))
                if len(queue) > 2 * threads:
                    yield queue.popleft().result()
            while queue:
                yield queue.popleft().result()
        finally:
            for future in queue:
                future.cancel()


def taken_ahead(items: Iterable[Item], *, most: int = 4) -> Iterator[Item]:
    """Yield the same items, while a thread takes the next ones.

    Args:
        items: taken in a thread of its own.
        most: that may wait. ``close`` ends the thread when it has its next item.

    >>> list(taken_ahead([1, 2, 3]))
    [1, 2, 3]
    """
    waiting: queue.Queue[tuple[Item | None, BaseException | None, bool]] = queue.Queue(most)
    stop = threading.Event()

    def put(item: Item | None, error: BaseException | None, is_end: bool) -> None:
        while not stop.is_set():
            try:
                waiting.put((item, error, is_end), timeout=0.1)
                return
            except queue.Full:
                continue

    def take() -> None:
        source = iter(items)
        try:
            for item in source:
                put(item, None, False)
                if stop.is_set():
                    break
        except BaseException as err:  # whoever asks for the items gets it
            put(None, err, True)
        else:
            put(None, None, True)
        finally:
            if hasattr(source, 'close'):
                source.close()

    thread = threading.Thread(target=take, name='takes ahead', daemon=True)
    thread.start()
    try:
        while True:
            item, error, is_end = waiting.get()
            if error is not None:
                raise error
            if is_end:
                return
            yield item
    finally:
        stop.set()
        thread.join()
