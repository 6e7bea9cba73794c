"""Test a network: metrics, predictions and drawings."""

import argparse
import json
import sys
from collections.abc import Sequence

from .arguments import add_acceleration_arguments, add_common_arguments, check_suffix, make_parser
from .status import OK, SOME_UNUSABLE

__all__ = ['main', 'parse_args']

EPILOG = f'Exit status {SOME_UNUSABLE}: some images could not be read.'


def parse_args(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> argparse.Namespace:
    """Read the command line.

    >>> args = parse_args(['config.py', 'weights.pth', '--out', 'metrics.json'])
    >>> args.checkpoint, args.backend, args.out
    ('weights.pth', 'torch', 'metrics.json')
    """
    parser = make_parser(__doc__, prog=prog, epilog=EPILOG)
    add_common_arguments(parser)
    add_acceleration_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint file or URL')
    parser.add_argument('--out', help='write the metrics to this .json file')
    parser.add_argument(
        '--report',
        metavar='DIR',
        help='write report.html and .json: the metrics, their intervals, and all that decides them',
    )
    parser.add_argument('--dump', help='write the predictions to this .pkl file')
    parser.add_argument('--show-dir', help='draw the predictions into this folder')
    parser.add_argument('--show', action='store_true', help='show the drawings in a window')
    parser.add_argument('--interval', type=int, default=1, help='draw every n-th sample')
    parser.add_argument('--wait-time', type=float, default=1, help='seconds that --show leaves a drawing on the screen')
    args = parser.parse_args(arguments)
    check_suffix(parser, args, out=('.json',), dump=('.pkl', '.pickle'))
    return args


def main(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> int:
    """Test, and return the exit status.

    Args:
        arguments: words of the command line, by default those of this process.
        prog: the command that the program was called by, by default the file that was started.
    """
    args = parse_args(arguments, prog=prog)
    from ..config.validate import validate_config
    from ..engine import PoseRunner
    from ..utils.atomic_file import write_atomic
    from . import apply

    cfg = apply.read_config(args)
    apply.apply_common_arguments(cfg, args)
    apply.apply_test_arguments(cfg, args)
    validate_config(cfg)
    runner = PoseRunner.from_cfg(cfg)
    if args.report:
        from .reporting import reported_test

        words = sys.argv[1:] if arguments is None else arguments
        command = [*(prog.split() if prog else ('python', sys.argv[0])), *words]
        metrics = reported_test(runner, args.report, command=command)
    else:
        metrics = runner.test()
    bad = sorted({str(sample.path) for sample in runner.test_loop.bad_samples})
    if args.out and runner.rank == 0:
        record = {**metrics, **(dict(unreadable_images=bad) if bad else {})}
        write_atomic(args.out, json.dumps(record, indent=2, default=float) + '\n')
    return SOME_UNUSABLE if bad else OK
