#!/usr/bin/env python
"""Test a network: metrics, predictions and pictures."""

import argparse
import os.path as osp
import sys

sys.path.insert(0, osp.dirname(osp.dirname(osp.abspath(__file__))))

import mmengine

from mmpose_dark.cli import arguments as cli
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.config import validate_config
from mmpose_dark.engine import PoseRunner

STATUS_BAD_IMAGES = 3


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, epilog='Exit status 3: some images could not be read.')
    cli.add_common_arguments(parser)
    cli.add_acceleration_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint file or address')
    parser.add_argument('--out', help='write the metrics to this .json file')
    parser.add_argument('--dump', help='write the predictions to this .pkl file')
    parser.add_argument('--show-dir', help='draw the predictions into this folder')
    parser.add_argument('--show', action='store_true', help='show the drawings in a window')
    parser.add_argument('--interval', type=int, default=1, help='draw every n-th sample')
    parser.add_argument('--wait-time', type=float, default=1, help='seconds that --show leaves a drawing on the screen')
    args = parser.parse_args()
    for name, suffixes in (('out', ('.json',)), ('dump', ('.pkl', '.pickle'))):
        if getattr(args, name) and not getattr(args, name).endswith(suffixes):
            parser.error(f'--{name} writes {" or ".join(suffixes)}, not {getattr(args, name)}')
    return args


def main() -> int:
    """Test, and return the exit status."""
    args = parse_args()
    cfg = cli.read_config(args)
    cli.apply_common_arguments(cfg, args)
    cli.apply_test_arguments(cfg, args)
    validate_config(cfg)
    runner = PoseRunner.from_cfg(cfg)
    metrics = runner.test()
    bad = sorted({str(sample.path) for sample in runner.test_loop.bad_samples})
    if args.out and runner.rank == 0:
        mmengine.mkdir_or_exist(osp.dirname(osp.abspath(args.out)))
        mmengine.dump({**metrics, **(dict(unreadable_images=bad) if bad else {})}, args.out, indent=2)
    return STATUS_BAD_IMAGES if bad else 0


if __name__ == '__main__':
    with user_errors('test.py'):
        sys.exit(main())
