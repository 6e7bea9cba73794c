"""Train a network from a config."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .arguments import add_common_arguments, make_parser
from .launched import LAUNCHED, RESTARTED
from .status import OK

if TYPE_CHECKING:
    from ..engine import PoseRunner

__all__ = ['go_on_if_restarted', 'main', 'parse_args']


def parse_args(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> argparse.Namespace:
    """Read the command line.

    >>> parse_args(['config.py', '--resume']).resume
    'auto'
    """
    parser = make_parser(__doc__, prog=prog)
    add_common_arguments(parser)
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='continue from a checkpoint (default: the newest one in the work folder)',
    )
    parser.add_argument('--overwrite', action='store_true', help='replace the training that the work folder holds')
    parser.add_argument('--no-validate', action='store_true', help='train without validating in between')
    parser.add_argument('--auto-scale-lr', action='store_true', help='scale the learning rate with the batch size')
    parser.add_argument('--skip-bad-images', action='store_true', help='train on the next sample instead of stopping')
    parser.add_argument('--allow-non-finite', action='store_true', help='go on where the loss is NaN or infinite')
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> int:
    """Train, and return the exit status.

    Args:
        arguments: words of the command line, by default those of this process.
        prog: the command that the program was called by, by default the file that was started.
    """
    args = parse_args(arguments, prog=prog)
    from ..config.validate import validate_config
    from ..engine import PoseRunner
    from ..engine.work_folder import check_work_dir
    from ..utils.output_paths import check_outputs
    from . import apply

    cfg = apply.read_config(args)
    go_on_if_restarted(args, cfg.work_dir)
    apply.apply_common_arguments(cfg, args)
    apply.apply_training_arguments(cfg, args)
    validate_config(cfg)
    check_work_dir(cfg.work_dir, resume=bool(cfg.get('resume')), overwrite=args.overwrite)
    check_outputs(folders=[cfg.work_dir])
    runner = PoseRunner.from_cfg(cfg)
    try:
        runner.train()
    except KeyboardInterrupt:
        words = sys.argv[1:] if arguments is None else arguments
        launched = shlex.split(os.environ.get(LAUNCHED, ''))
        again = launched or [*(prog.split() if prog else (sys.executable, sys.argv[0])), *words]
        _say_how_to_go_on(runner, again if args.resume else [*again, '--resume'])
        raise
    return OK


def go_on_if_restarted(args: argparse.Namespace, work_dir: str) -> None:
    """Let a training that the launcher started again go on from the last checkpoint that it wrote itself.

    Where it had written none yet, the arguments stay as they are: what the folder holds is of a training before.

    Args:
        args: of the command line; ``resume`` and ``overwrite`` are changed.
        work_dir: the training's folder.

    >>> args = argparse.Namespace(resume=None, overwrite=True)
    >>> go_on_if_restarted(args, 'work_dirs/example')
    >>> args.resume, args.overwrite
    (None, True)
    """
    started = os.environ.get(RESTARTED)
    if not started:
        return
    from ..engine.latest import find_latest_checkpoint

    latest = find_latest_checkpoint(work_dir)
    if latest and os.path.getmtime(latest) >= float(started):
        args.resume, args.overwrite = 'auto', False


def _say_how_to_go_on(runner: 'PoseRunner', command: Sequence[str]) -> None:
    from ..engine import find_latest_checkpoint

    latest = find_latest_checkpoint(runner.work_dir)
    again = f'Last checkpoint: {latest}. Continue with:\n  {shlex.join(command)}'
    where = again if latest else 'There is no checkpoint yet.'
    epoch = min(runner.epoch + 1, runner.max_epochs)  # behind the last one comes its validation
    runner.logger.warning(f'Interrupted in epoch {epoch}, iteration {runner.iter}. {where}')
