#!/usr/bin/env python
"""Train a network from a config."""

import argparse
import os.path as osp
import shlex
import sys

sys.path.insert(0, osp.dirname(osp.dirname(osp.abspath(__file__))))

from mmpose_dark.cli import arguments as cli
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.config import validate_config
from mmpose_dark.engine import PoseRunner, find_latest_checkpoint


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    cli.add_common_arguments(parser)
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='continue from a checkpoint (default: the newest one in the work folder)',
    )
    parser.add_argument('--no-validate', action='store_true', help='train without validating in between')
    parser.add_argument('--auto-scale-lr', action='store_true', help='scale the learning rate with the batch size')
    parser.add_argument('--skip-bad-images', action='store_true', help='train on the next sample instead of stopping')
    return parser.parse_args()


def main() -> None:
    """Train."""
    args = parse_args()
    cfg = cli.read_config(args)
    cli.apply_common_arguments(cfg, args)
    cli.apply_training_arguments(cfg, args)
    validate_config(cfg)
    runner = PoseRunner.from_cfg(cfg)
    try:
        runner.train()
    except KeyboardInterrupt:
        latest = find_latest_checkpoint(runner.work_dir)
        again = ' '.join(map(shlex.quote, [sys.executable, *sys.argv, *([] if args.resume else ['--resume'])]))
        where = f'Last checkpoint: {latest}. Continue with:\n  {again}' if latest else 'There is no checkpoint yet.'
        runner.logger.warning(f'Interrupted in epoch {runner.epoch + 1}, iteration {runner.iter}. {where}')
        raise


if __name__ == '__main__':
    with user_errors('train.py'):
        main()
