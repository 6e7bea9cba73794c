"""A queue of jobs for one worker: their states, how far they are, and that they end and go away."""

import queue
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from ..utils.errors import StateError, UserError
from .limits import Limits

__all__ = ['Job', 'JobCancelledError', 'JobQueue', 'State']

State: TypeAlias = Literal['waiting', 'running', 'done', 'failed', 'cancelled']


class JobCancelledError(Exception):
    """Ends the work of a job that is not wanted any more, or takes too long."""


@dataclass(eq=False)
class Job:
    """Work that somebody asked for.

    Attributes:
        token: names it; cannot be guessed.
        folder: of its files, which go with it.
        name: of the upload, to show; never used as a path.
        state: how it is.
        done: frames that are done.
        total: frames there are; None: not known yet.
        error: why it failed, for the user.
        result: of the work.
    """

    token: str
    folder: Path
    name: str
    state: State = 'waiting'
    done: int = 0
    total: int | None = None
    error: str = ''
    result: dict[str, object] | None = None
    ended: float | None = None
    _cancelled: threading.Event = field(default_factory=threading.Event, repr=False)
    _until: float = field(default=float('inf'), repr=False)

    def step(self, done: int, total: int | None = None) -> None:
        """Note how far it is; called by the work after each frame.

        Raises:
            JobCancelledError: it should end.
        """
        self.done, self.total = done, total
        if self._cancelled.is_set():
            raise JobCancelledError('cancelled')
        if time.monotonic() > self._until:
            raise JobCancelledError('it took longer than --max-job-seconds')


class JobQueue:
    """Runs jobs one after the other in a thread.

    Args:
        limits: how many may wait, how long they may take, and how long they are kept.

    Attributes:
        folder: of all files; removed by ``close``.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.folder = Path(tempfile.mkdtemp(prefix='mmpose_dark_serve_'))
        self._jobs: dict[str, Job] = {}
        self._waiting: queue.Queue[tuple[Job, Callable[[Job], dict[str, object]]] | None] = queue.Queue()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name='pose jobs', daemon=True)
        self._thread.start()

    def make(self, name: str) -> Job:
        """Return a new job with a folder, which is not in the queue yet.

        Raises:
            StateError: as many as there may be are waiting or running.
        """
        self.forget_old()
        with self._lock:
            busy = sum(job.state in ('waiting', 'running') for job in self._jobs.values())
            if busy >= self.limits.max_jobs:
                raise StateError(f'{busy} jobs are waiting already; try again when one is done')
            token = secrets.token_urlsafe(18)
            job = self._jobs[token] = Job(token, self.folder / token, name)
        job.folder.mkdir()
        return job

    def submit(self, job: Job, work: Callable[[Job], dict[str, object]]) -> None:
        """Put a job into the queue.

        Args:
            job: of ``make``.
            work: returns its result; calls `Job.step` now and then.
        """
        self._waiting.put((job, work))

    def get(self, token: str) -> Job | None:
        """Return a job, None where there is none of that name."""
        self.forget_old()
        return self._jobs.get(token)

    def position(self, job: Job) -> int:
        """Return how many jobs are before this one."""
        with self._lock:
            tokens = list(self._jobs)
            before = tokens[: tokens.index(job.token)] if job.token in self._jobs else []
            return sum(self._jobs[token].state in ('waiting', 'running') for token in before)

    def remove(self, token: str) -> None:
        """Cancel a job and remove its files; what runs ends at its next step."""
        with self._lock:
            job = self._jobs.get(token)
            if job is None:
                return
            job._cancelled.set()
            if job.state != 'running':
                job.state = 'cancelled'
                self._drop(job)

    def forget_old(self) -> None:
        """Remove jobs that ended long ago."""
        now = time.monotonic()
        with self._lock:
            for job in list(self._jobs.values()):
                if job.ended is not None and now - job.ended > 60 * self.limits.keep_minutes:
                    self._drop(job)

    def close(self) -> None:
        """End the thread and remove all files."""
        with self._lock:
            for job in self._jobs.values():
                job._cancelled.set()
        self._waiting.put(None)
        self._thread.join(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _drop(self, job: Job) -> None:
        self._jobs.pop(job.token, None)
        shutil.rmtree(job.folder, ignore_errors=True)

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            job, work = item
            if job._cancelled.is_set():
                continue
            job.state, job._until = 'running', time.monotonic() + self.limits.max_job_seconds
            state: State = 'done'
            try:
                job.result = work(job)
            except JobCancelledError as err:
                state, job.error = 'cancelled', str(err)
            except UserError as err:
                state, job.error = 'failed', str(err).replace(str(job.folder), job.name or 'the file')
            except Exception as err:  # a fault of the program: the page says so, and the server goes on
                state, job.error = 'failed', f'the server met a fault: {type(err).__name__}: {err}'
            with self._lock:
                job.state, job.ended = state, time.monotonic()
                if job._cancelled.is_set():
                    self._drop(job)
