"""Start a script in several processes, one a GPU, on one or several machines, and end as they end.

Exit status: that of the processes, 0, 2 (the user's mistake, told once), 3 (some inputs unusable) or 130 (interrupted).
What ends the launcher ends its processes, and one that fails or freezes ends the others, on all machines.
"""

import argparse
import hashlib
import os
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ..utils.errors import UserError
from ..utils.timeouts import (
    HANG_SECONDS,
    HANG_VARIABLE,
    MEETING_SECONDS,
    MEETING_VARIABLE,
    NODE_SECONDS,
    NODE_VARIABLE,
    seconds_of,
)
from ..version import __version__
from .arguments import make_parser
from .local_ranks import LocalRanks
from .meeting import Meeting
from .own_addresses import free_port
from .rounds import Failure, Place, Settings
from .status import INTERRUPTED, USER_ERROR

__all__ = ['main', 'parse_args']


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    >>> args = parse_args(['--processes', '2', 'tools/test.py', 'config.py', '--out', 'a.json'])
    >>> args.processes, args.script, args.arguments
    (2, 'tools/test.py', ['config.py', '--out', 'a.json'])
    >>> parse_args(['--processes', '2', '--nodes', '1:3', '--port', '29500', 'tools/train.py']).nodes
    (1, 3)
    """
    parser = make_parser(
        __doc__,
        prog='python -m mmpose_dark.cli.launch',
        epilog=f'Environment, in seconds: {HANG_VARIABLE}, without a sign of life after which a process counts as '
        f'frozen (default {HANG_SECONDS:g}, 0: never); {NODE_VARIABLE}, the same of a machine (default '
        f'{NODE_SECONDS:g}); {MEETING_VARIABLE}, that machines wait for each other (default {MEETING_SECONDS:g}).',
    )
    parser.add_argument('--processes', type=int, required=True, help='processes on this machine')
    parser.add_argument(
        '--nodes', type=_nodes, default=(1, 1), help='machines (NNODES), or MIN:MAX where fewer will do as well'
    )
    parser.add_argument('--node-rank', type=int, default=0, help='which of them this one is, from 0 (NODE_RANK)')
    parser.add_argument('--host', default='127.0.0.1', help='address of the first machine (MASTER_ADDR)')
    parser.add_argument('--port', type=int, default=0, help='free on the first machine (PORT; default: one is found)')
    parser.add_argument(
        '--max-restarts', type=int, default=0, help='starts after a lost process or machine (MAX_RESTARTS)'
    )
    parser.add_argument('--again', default='', help='the command to name where it can be continued')
    parser.add_argument('--go-on-with', default='', help='the option that continues what was lost')
    parser.add_argument('script', help='file to run')
    parser.add_argument('arguments', nargs=argparse.REMAINDER, help='its arguments')
    args = parser.parse_args(arguments)
    if args.processes < 1:
        parser.error(f'--processes {args.processes}: at least 1 is needed')
    if not 0 <= args.node_rank < args.nodes[1]:
        parser.error(f'--node-rank {args.node_rank} (NODE_RANK): there are {args.nodes[1]} machines (NNODES), from 0')
    if args.nodes[1] > 1 and not args.port:
        parser.error('--port (PORT) is needed for several machines')
    if not 0 <= args.port < 2**16:
        parser.error(f'--port {args.port} (PORT): ports are numbers up to 65535')
    if args.max_restarts < 0:
        parser.error(f'--max-restarts {args.max_restarts} (MAX_RESTARTS): at least 0 is needed')
    return args


def _nodes(text: str) -> tuple[int, int]:
    least, _, most = text.partition(':')
    if not (least.isdigit() and (most or least).isdigit() and 1 <= int(least) <= int(most or least)):
        raise argparse.ArgumentTypeError(f'{text!r} (NNODES) is no number of machines, such as 2, and no range, 1:2')
    return int(least), int(most or least)


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the processes, wait for them, and return the exit status.

    Args:
        arguments: words of the command line, by default those of this process.
    """
    args = parse_args(arguments)
    meeting = None
    try:
        silence = seconds_of(NODE_VARIABLE, NODE_SECONDS)
        if args.nodes[1] > 1:
            meeting = Meeting(_settings(args), wait=seconds_of(MEETING_VARIABLE, MEETING_SECONDS), silence=silence)
        status = _run(args, meeting, silence)
    except UserError as err:
        print(f'launch: error: {err}', file=sys.stderr)
        status = USER_ERROR
    except KeyboardInterrupt:
        print('\ninterrupted', file=sys.stderr)
        status = INTERRUPTED
    if meeting is not None:  # a thread may wait for a machine that is gone
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _run(args: argparse.Namespace, meeting: Meeting | None, silence: float) -> int:
    """Run rounds until one has ended well, or must not be tried again."""
    restarts, started = 0, time.time()
    while True:
        place = meeting.meet(restarts, started) if meeting is not None else _alone(args, restarts, started)
        others = meeting.round if meeting is not None else None
        with tempfile.TemporaryDirectory(prefix='mmpose_dark_launch_', ignore_cleanup_errors=True) as reports:
            ranks = LocalRanks(args, Path(reports), place, others, silence)
            with ranks.signals():
                outcome = ranks.wait()
            message = ranks.message()
        failed = isinstance(outcome, Failure)
        goes_on = failed and not outcome.is_final and not ranks.signalled and place.restarts < args.max_restarts
        if message:
            lost = failed and not outcome.is_final and ranks.lost and not goes_on
            print(f'{message}{_how_to_go_on(args) if lost else ""}', file=sys.stderr, flush=True)
        if others is not None:
            others.leave(close=not goes_on)
        if not goes_on:
            return outcome.status if failed else outcome
        restarts, started = place.restarts + 1, place.started
        print(f'launch: restart {restarts} of {args.max_restarts}', file=sys.stderr, flush=True)


def _alone(args: argparse.Namespace, restarts: int, started: float) -> Place:
    port = args.port or free_port('127.0.0.1')
    return Place('', 0, {0: socket.gethostname()}, 0, args.processes, port, restarts, started)


def _how_to_go_on(args: argparse.Namespace) -> str:
    if not args.again:
        return ''
    option = f' {args.go_on_with}' if args.go_on_with and args.go_on_with not in args.arguments else ''
    where = ' on each machine, with the variables as before,' if args.nodes[1] > 1 else ''
    return f'. Go on{where} with: {args.again.strip()}{option}'


def _settings(args: argparse.Namespace) -> Settings:
    from torch import __version__ as torch_version

    least, most = args.nodes
    return Settings(
        rank=args.node_rank,
        least=least,
        most=most,
        processes=args.processes,
        host=args.host,
        port=args.port,
        max_restarts=args.max_restarts,
        name=f'{socket.gethostname()}, process {os.getpid()}',
        versions={
            'the version of torch': torch_version,
            'the version of mmpose_dark': __version__,
            'the code of mmpose_dark (a hash of it)': _code_hash(Path(__file__).resolve().parents[1]),
        },
    )


def _code_hash(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob('*.py')):
        found.update(path.relative_to(folder).as_posix().encode() + b'\0' + path.read_bytes())
    return found.hexdigest()[:12]


if __name__ == '__main__':
    sys.exit(main())
