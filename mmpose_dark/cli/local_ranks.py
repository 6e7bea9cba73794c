"""The processes of this machine that a launcher started, and how they end."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ..utils.timeouts import HANG_SECONDS, HANG_VARIABLE, seconds_of
from .launched import ALIVE, LAUNCHED, MESSAGE, PARENT, REPORTS, RESTARTED, SILENCE
from .own_addresses import interface_towards
from .rounds import Failure, Place, Round
from .status import INTERRUPTED, OK, SOME_UNUSABLE

__all__ = ['LocalRanks']

_FINE = (OK, SOME_UNUSABLE)
_LOOK = 0.1
_GRACE = 10.0  # seconds for the others to end by themselves
_GRACE_INTERRUPTED = 60.0  # they may be writing a checkpoint


class LocalRanks:
    """The processes, and how they end.

    Args:
        args: of the launcher.
        reports: folder for what they tell.
        place: what this machine is among others.
        others: the round that these are in; None for one machine.
        silence: seconds without a sign of life after which a machine counts as lost.
    """

    def __init__(
        self, args: argparse.Namespace, reports: Path, place: Place, others: Round | None, silence: float
    ) -> None:
        self.reports, self.place, self.others, self.rank = reports, place, others, place.rank
        self.signalled: int | None = None
        self.lost = ''
        self.signs: dict[int, tuple[float, int]] = {}  # the last one of each, and looks since
        self.hang = seconds_of(HANG_VARIABLE, HANG_SECONDS)
        command = [sys.executable, args.script, *args.arguments]
        self.processes: list[subprocess.Popen] = []
        common = self._environment(args, silence)
        for local in range(args.processes):
            ranks = dict(RANK=str(place.first + local), LOCAL_RANK=str(local))
            # a session of their own: Ctrl-C comes from here, once
            self.processes.append(subprocess.Popen(command, env={**common, **ranks}, start_new_session=True))

    def _environment(self, args: argparse.Namespace, silence: float) -> dict[str, str]:
        place = self.place
        common = {
            **os.environ,
            'WORLD_SIZE': str(place.world),
            'LOCAL_WORLD_SIZE': str(args.processes),
            'MASTER_ADDR': args.host,
            'MASTER_PORT': str(place.port),
            PARENT: str(os.getpid()),
            REPORTS: str(self.reports),
            LAUNCHED: args.again,
        }
        if place.restarts:
            common[RESTARTED] = repr(place.started)
        if self.others is not None:
            common[SILENCE] = str(silence)
            interface = interface_towards(args.host)
            if interface:
                common.setdefault('GLOO_SOCKET_IFNAME', interface)
        return common

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Hand Ctrl-C and the like on to the processes inside the ``with`` block."""

        def take(number: int, _: object) -> None:
            self.signalled = self.signalled or number
            self.send(signal.SIGINT if number == signal.SIGINT else signal.SIGTERM)

        kinds = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, 'SIGHUP') else [])]
        before = {kind: signal.signal(kind, take) for kind in kinds}
        try:
            yield
        finally:
            for kind, handler in before.items():
                signal.signal(kind, handler)
            self.send(getattr(signal, 'SIGKILL', signal.SIGTERM))
            self._wait_all(2.0)

    def send(self, number: int) -> None:
        """Send a signal to all that run."""
        for process in self.processes:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(number)

    def wait(self) -> Failure | int:
        """Wait until all have ended, on all machines; return their status, or what went wrong."""
        failed: Failure | None = None
        until: float | None = None  # when those that are left are ended
        while any(process.poll() is None for process in self.processes):
            time.sleep(_LOOK)
            failed = self._failure() if failed is None else failed
            if until is None and failed is not None:
                until = time.monotonic() + (_GRACE_INTERRUPTED if failed.status == INTERRUPTED else _GRACE)
            if until is not None and time.monotonic() > until:
                self.send(signal.SIGTERM)
                self._wait_all(2.0)
                self.send(getattr(signal, 'SIGKILL', signal.SIGTERM))
        failed = self._failure() if failed is None or self.signalled else failed
        if failed is None:
            status = max(process.returncode for process in self.processes)
            return status if self.others is None else self._finish(status)
        return failed

    def _finish(self, status: int) -> Failure | int:
        """Wait for the other machines."""
        found = self.others.finish(status)
        return self._hear(found) if isinstance(found, Failure) else found

    def _wait_all(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and any(process.poll() is None for process in self.processes):
            time.sleep(_LOOK)

    def _failure(self) -> Failure | None:
        """Return the first failure on any machine, as soon as there is one; that of this one is made known."""
        if self.signalled:
            status = INTERRUPTED if self.signalled == signal.SIGINT else 128 + self.signalled
            where = f'machine {self.place.rank} ({self.place.names[self.place.rank]})'
            self._tell(Failure(status, f'launch: error: {where} was told to end: signal {self.signalled}', self.rank))
            return Failure(status, '', self.rank)
        found = self.others.failure() if self.others is not None else None
        if found is not None:
            return self._hear(found)
        status, i = self._first_failure()
        if status is None:
            return None
        said = self.message() or f'launch: error: {self._name(i)} ended with status {status}; its output says why'
        return self._tell(Failure(status, said, self.rank))

    def _hear(self, found: Failure) -> Failure:
        """Tell the processes of a failure on another machine, and let them end as it asks for."""
        self._lose(found.text)
        if found.status == INTERRUPTED:
            self.send(signal.SIGINT)
        return found

    def _tell(self, failure: Failure) -> Failure:
        """Make a failure of this machine known; return the first of all, which may be another's."""
        first = failure if self.others is None else self.others.tell(failure)
        return first if first == failure else self._hear(first)

    def _first_failure(self) -> tuple[int | None, int]:
        """Return the status of the first process that failed, and which one it is."""
        for i, process in enumerate(self.processes):
            status = process.poll()
            if status is not None and status not in _FINE:
                if status < 0:
                    self._lose(f'launch: error: {self._name(i)} was ended by signal {-status} from outside')
                return (status if status > 0 else 128 - status), i
            if status is None and self._is_frozen(i):
                self._lose(
                    f'launch: error: {self._name(i)} (id {process.pid}) gave no sign of life for {self.hang:g} s '
                    f'({HANG_VARIABLE}); all are ended'
                )
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                return 1, i
        return None, -1

    def _name(self, i: int) -> str:
        where = f' on machine {self.place.rank} ({self.place.names[self.place.rank]})' if self.others else ''
        return f'process {self.place.first + i}{where}'

    def _lose(self, text: str) -> None:
        if self.signalled or self.lost:
            return
        self.lost = text
        with contextlib.suppress(OSError):
            Path(self.reports, f'launcher{MESSAGE}').write_text(self.lost)

    def _is_frozen(self, i: int) -> bool:
        if not self.hang:
            return False
        try:
            sign = Path(self.reports, f'{self.place.first + i}{ALIVE}').stat().st_mtime
        except OSError:
            return False  # it has not begun, or is no program of this package
        last, looks = self.signs.get(i, (0.0, 0))
        self.signs[i] = (sign, looks + 1 if sign == last else 0)  # not by the clock: a machine may sleep
        return looks * _LOOK > self.hang

    def message(self) -> str:
        """Return what the processes left to be told: the first one's, as the others mostly say the same."""
        if self.signalled == signal.SIGINT:
            return '\ninterrupted'
        found = sorted(self.reports.glob(f'*{MESSAGE}'), key=lambda path: (path.stem == 'launcher', path.name))
        return found[0].read_text() if found else ''
