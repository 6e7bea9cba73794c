"""Worker processes of data loaders that are known to have started.

A forked process has the locks of its parent as they were. Where a thread of torch (gloo's, say) held the interpreter's
at that moment, the new process waits for it without end, before it has run a line of Python: seen once in some hundred
trainings by two processes on the CPU (CPython 3.11). It is found out by its silence and forked again.
"""

import logging
import multiprocessing
import multiprocessing.connection
import multiprocessing.context
import multiprocessing.popen_fork
import os
import signal

from mmengine.logging import print_log

from ..utils.errors import StateError

__all__ = ['SECONDS_TO_START', 'worker_context']

SECONDS_TO_START = 60.0
"""Until a new process must have said something; it takes milliseconds, or seconds on a machine that is very busy."""

_TRIES = 3


def worker_context() -> multiprocessing.context.BaseContext | None:
    """Return what a loader makes its worker processes with; None where they are not forked.

    >>> context = worker_context()
    >>> (context is None) == (multiprocessing.get_start_method() != 'fork')
    True
    """
    return _Context() if multiprocessing.get_start_method() == 'fork' else None


if hasattr(os, 'fork'):

    class _Process(multiprocessing.context.ForkProcess):
        """A process that tells its parent when it runs."""

        @staticmethod
        def _Popen(process: '_Process') -> multiprocessing.popen_fork.Popen:  # the name is multiprocessing's
            for i in range(1, _TRIES + 1):
                here, there = multiprocessing.Pipe(duplex=False)
                process._tell = there
                with here:
                    with there:
                        started = multiprocessing.popen_fork.Popen(process)
                    if here.poll(SECONDS_TO_START):  # also where it has ended, which is told elsewhere
                        return started
                os.kill(started.pid, signal.SIGKILL)
                started.wait()
                print_log(
                    f'Worker process {started.pid} did not start within {SECONDS_TO_START:g} s ({i} of {_TRIES}): it '
                    'was forked while a thread held a lock. It is replaced.', 'current', logging.WARNING,
                )  # fmt: skip
            raise StateError(
                f'no worker process started within {SECONDS_TO_START:g} s, tried {_TRIES} times: the machine is out of '
                'memory or far too busy, or a lock is held. Try num_workers=0, or less on the machine'
            )

        def run(self) -> None:
            """Say that this process runs, and do its work."""
            self._tell.send_bytes(b'.')
            self._tell.close()
            super().run()

    class _Context(multiprocessing.context.ForkContext):
        Process = _Process
