#!/usr/bin/env python
"""Check the data of a config before a night is spent on it: pictures, annotations, boxes, detections, evaluator."""

import argparse
import json
import os
import os.path as osp
import sys

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmengine.config import DictAction

from mmpose_dark.cli.errors import user_errors
from mmpose_dark.config.reading import load_config
from mmpose_dark.data_check import PHASES, check_config
from mmpose_dark.utils.progress import track

EPILOG = """
examples:
  python tools/misc/check_dataset.py configs/top_down/darkpose/coco/hrnet_w32_coco_256x192_dark.py
  python tools/misc/check_dataset.py CONFIG --phase val --max-images 500 --out report.json
  python tools/misc/check_dataset.py CONFIG --cfg-options val_dataloader.dataset.data_root=/data/coco/

exit status: 0 no error (there may be warnings), 1 errors in the data, 2 wrong arguments or config.
The checks are described in docs/datasets.md.
"""


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('--phase', nargs='+', default=list(PHASES), choices=PHASES, help='what to check (all)')
    parser.add_argument(
        '--workers', type=int, default=min(8, os.cpu_count() or 1), help='pictures read at a time (%(default)s)'
    )
    parser.add_argument('--max-images', type=int, help='pictures of each dataset to read, evenly spread (all)')
    parser.add_argument('--out', help='write the report to this json file as well')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='settings of the config to change')
    args = parser.parse_args(arguments)
    if args.workers < 1:
        parser.error('--workers must be at least 1')
    if args.max_images is not None and args.max_images < 0:
        parser.error('--max-images must not be negative')
    return args


def main(arguments: list[str] | None = None) -> int:
    """Check, print the report, and return the exit status."""
    args = parse_args(arguments)
    cfg = load_config(args.config, args.cfg_options)
    report = check_config(
        cfg, name=args.config, phases=args.phase, workers=args.workers, max_images=args.max_images, track=track
    )
    print(report.text())
    if args.out:
        os.makedirs(osp.dirname(osp.abspath(args.out)), exist_ok=True)
        with open(args.out, 'w', encoding='utf-8') as file:
            json.dump(report.to_dict(), file, indent=1)
    return 0 if report.ok else 1


if __name__ == '__main__':
    with user_errors('check_dataset.py'):
        sys.exit(main())
