#!/usr/bin/env python
"""Train the small detector of drawn people that `make demo` uses, on drawn videos of other seeds.

python tools/misc/train_demo_detector.py demo/people_detector.pth
"""

import os.path as osp
import sys
from pathlib import Path

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import make_parser
from mmpose_dark.cli.errors import user_errors


def main() -> None:
    """Read the command line, and train."""
    parser = make_parser(__doc__)
    parser.add_argument('out', type=Path, help='file for the weights')
    parser.add_argument('--frames', type=int, default=3000, help='to train on (%(default)s)')
    parser.add_argument('--held-out', type=int, default=300, help='to test on (%(default)s)')
    parser.add_argument('--epochs', type=int, default=12)
    parser.add_argument('--batch-size', type=int, default=16)
    parser.add_argument('--lr', type=float, default=2e-3)
    parser.add_argument('--workers', type=int, default=1)
    args = vars(parser.parse_args())

    from mmpose_dark.synthetic.detector_training import train_detector

    train_detector(args.pop('out'), **args)


if __name__ == '__main__':
    with user_errors('train_demo_detector.py'):
        main()
