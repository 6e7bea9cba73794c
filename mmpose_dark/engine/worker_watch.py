"""Worker processes that hold a loader up where its own ``timeout`` does not reach."""

import contextlib
import multiprocessing.connection
import multiprocessing.process
import threading
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.utils.data import DataLoader

__all__ = ['WorkerWatch']

_MORE_SECONDS = 5.0  # than the loader's own timeout, which has the better message
_SECONDS_TO_END = 2.0
_LOOKS = 8  # in the time of a timeout


class WorkerWatch:
    """Kill a loader's worker processes when a batch takes much longer than its ``timeout``.

    A worker that froze after it had announced a batch is asked for the memory of it over a socket, and that waits
    without end. Its death ends the wait with an error.

    Args:
        loader: whose ``timeout`` is the limit; 0 or no workers: nothing is watched.

    Attributes:
        iterator: over the loader, which has the processes.
        killed: whether they were.
    """

    def __init__(self, loader: 'DataLoader') -> None:
        self.iterator: Iterator | None = getattr(loader, '_iterator', None)
        self.limit = (getattr(loader, 'timeout', 0) or 0) + _MORE_SECONDS
        self.killed = False
        self._since: float | None = None
        self._over = threading.Event()
        if getattr(loader, 'num_workers', 0) and self.limit > _MORE_SECONDS:
            threading.Thread(target=self._look, daemon=True, name='worker_watch').start()

    @property
    def workers(self) -> Sequence[multiprocessing.process.BaseProcess]:
        """The processes; none before there is an iterator."""
        return getattr(self.iterator, '_workers', ())

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the time of the ``with`` block, in which one batch comes."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._since = None

    def wait_for_the_dead(self) -> None:
        """Wait a little until a process that broke a connection by its end has ended."""
        with contextlib.suppress(RuntimeError):  # torch's handler of SIGCHLD raises it wherever we are
            multiprocessing.connection.wait([worker.sentinel for worker in self.workers], timeout=_SECONDS_TO_END)

    def end(self) -> None:
        """Watch no longer."""
        self._over.set()

    def _look(self) -> None:
        while not self._over.wait(self.limit / _LOOKS):
            since = self._since
            if since is not None and time.monotonic() - since > self.limit:
                self.killed = True
                for worker in self.workers:
                    worker.kill()
                return
