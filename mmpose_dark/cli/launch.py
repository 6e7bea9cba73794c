"""Start a script in several processes, one a GPU, and end as they end.

Exit status: that of the processes, 0, 2 (the user's mistake, told once), 3 (some inputs unusable) or 130 (interrupted).
What ends the launcher ends its processes, and one that fails or freezes ends the others.
"""

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from .arguments import make_parser
from .launched import ALIVE, LAUNCHED, MESSAGE, PARENT, REPORTS
from .status import INTERRUPTED, OK, SOME_UNUSABLE

__all__ = ['HANG_VARIABLE', 'main', 'parse_args']

HANG_VARIABLE = 'MMPOSE_DARK_HANG_TIMEOUT'
_HANG_SECONDS = 600.0
_FINE = (OK, SOME_UNUSABLE)
_LOOK = 0.1
_GRACE = 10.0  # seconds for the others to end by themselves
_GRACE_INTERRUPTED = 60.0  # they may be writing a checkpoint


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    >>> args = parse_args(['--processes', '2', 'tools/test.py', 'config.py', '--out', 'a.json'])
    >>> args.processes, args.script, args.arguments
    (2, 'tools/test.py', ['config.py', '--out', 'a.json'])
    """
    parser = make_parser(
        __doc__,
        prog='python -m mmpose_dark.cli.launch',
        epilog=f'Environment: {HANG_VARIABLE}, seconds without a sign of life after which a process counts as frozen '
        f'(default {_HANG_SECONDS:g}, 0: never).',
    )
    parser.add_argument('--processes', type=int, required=True, help='processes on this machine')
    parser.add_argument('--nodes', type=int, default=1, help='machines')
    parser.add_argument('--node-rank', type=int, default=0, help='which of them this one is, from 0')
    parser.add_argument('--host', default='127.0.0.1', help='the first machine')
    parser.add_argument('--port', type=int, default=0, help='free on the first machine (default: one is found)')
    parser.add_argument('--again', default='', help='the command to name where it can be continued')
    parser.add_argument('script', help='file to run')
    parser.add_argument('arguments', nargs=argparse.REMAINDER, help='its arguments')
    args = parser.parse_args(arguments)
    if args.processes < 1:
        parser.error(f'--processes {args.processes}: at least 1 is needed')
    if not 0 <= args.node_rank < args.nodes:
        parser.error(f'--node-rank {args.node_rank}: there are {args.nodes} machines, from 0')
    if args.nodes > 1 and not args.port:
        parser.error('--port is needed for several machines')
    return args


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the processes, wait for them, and return the exit status.

    Args:
        arguments: words of the command line, by default those of this process.
    """
    args = parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix='mmpose_dark_launch_') as reports:
        group = _Group(args, Path(reports))
        with group.signals():
            status = group.wait()
        message = group.message()
    if message:
        print(message, file=sys.stderr)
    return status


class _Group:
    """The processes, and how they end."""

    def __init__(self, args: argparse.Namespace, reports: Path) -> None:
        self.reports = reports
        self.first_rank = args.node_rank * args.processes
        self.signalled: int | None = None
        self.lost = ''
        self.signs: dict[int, tuple[float, int]] = {}  # the last one of each, and looks since
        hang = os.environ.get(HANG_VARIABLE, '')
        self.hang = float(hang) if hang.replace('.', '', 1).isdigit() else _HANG_SECONDS
        port = args.port or _free_port()
        common = {
            **os.environ,
            'WORLD_SIZE': str(args.nodes * args.processes),
            'LOCAL_WORLD_SIZE': str(args.processes),
            'MASTER_ADDR': args.host,
            'MASTER_PORT': str(port),
            PARENT: str(os.getpid()),
            REPORTS: str(reports),
            LAUNCHED: args.again,
        }
        command = [sys.executable, args.script, *args.arguments]
        self.processes: list[subprocess.Popen] = []
        for local in range(args.processes):
            ranks = dict(RANK=str(self.first_rank + local), LOCAL_RANK=str(local))
            # a session of their own: Ctrl-C comes from here, once
            self.processes.append(subprocess.Popen(command, env={**common, **ranks}, start_new_session=True))

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

    def send(self, number: int) -> None:
        """Send a signal to all that run."""
        for process in self.processes:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(number)

    def wait(self) -> int:
        """Wait until all have ended; return their status."""
        failed: int | None = None
        until: float | None = None  # when those that are left are ended
        while any(process.poll() is None for process in self.processes):
            time.sleep(_LOOK)
            failed = self._first_failure() if failed is None else failed
            if until is None and (failed is not None or self.signalled):
                until = time.monotonic() + (_GRACE_INTERRUPTED if self.signalled == signal.SIGINT else _GRACE)
            if until is not None and time.monotonic() > until:
                self.send(signal.SIGTERM)
                self._wait_all(2.0)
                self.send(getattr(signal, 'SIGKILL', signal.SIGTERM))
        failed = self._first_failure() if failed is None else failed
        if self.signalled:
            return INTERRUPTED if self.signalled == signal.SIGINT else 128 + self.signalled
        return max(p.returncode for p in self.processes) if failed is None else failed

    def _wait_all(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and any(process.poll() is None for process in self.processes):
            time.sleep(_LOOK)

    def _first_failure(self) -> int | None:
        for i, process in enumerate(self.processes):
            status = process.poll()
            if status is not None and status not in _FINE:
                if status < 0:
                    self._lose(f'process {self.first_rank + i} was ended by signal {-status} from outside')
                return status if status > 0 else 128 - status
            if status is None and self._is_frozen(i):
                self._lose(
                    f'process {self.first_rank + i} (id {process.pid}) gave no sign of life for {self.hang:g} s '
                    f'({HANG_VARIABLE}); all are ended'
                )
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                return 1
        return None

    def _lose(self, text: str) -> None:
        if self.signalled or self.lost:
            return
        self.lost = f'launch: error: {text}'
        with contextlib.suppress(OSError):
            Path(self.reports, f'launcher{MESSAGE}').write_text(self.lost)

    def _is_frozen(self, i: int) -> bool:
        if not self.hang:
            return False
        try:
            sign = Path(self.reports, f'{self.first_rank + i}{ALIVE}').stat().st_mtime
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


if __name__ == '__main__':
    sys.exit(main())
