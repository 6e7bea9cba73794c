"""Check the data of a config before a night is spent on it: images, annotations, boxes, detections, evaluator."""

import argparse
import json
import os
from collections.abc import Sequence

from ..utils.choices import PHASES
from .arguments import add_cfg_options, check_least, make_parser
from .status import FOUND, OK

__all__ = ['main', 'parse_args']

EPILOG = """
examples:
  {prog} configs/top_down/darkpose/coco/hrnet_w32_coco_256x192_dark.py
  {prog} CONFIG --phase val --max-images 500 --out report.json
  {prog} CONFIG --cfg-options val_dataloader.dataset.data_root=/data/coco/

exit status: 0 no error (there may be warnings), 1 errors in the data, 2 wrong arguments or config.
The checks are described in docs/datasets.md.
"""


def parse_args(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> argparse.Namespace:
    """Read the command line.

    >>> parse_args(['config.py', '--phase', 'val', '--max-images', '500']).phase
    ['val']
    """
    epilog = EPILOG.format(prog=prog or 'python tools/misc/check_dataset.py')
    parser = make_parser(__doc__, prog=prog, epilog=epilog)
    parser.add_argument('config', help='config file')
    parser.add_argument('--phase', nargs='+', default=list(PHASES), choices=PHASES, help='what to check (all)')
    parser.add_argument(
        '--workers', type=int, default=min(8, os.cpu_count() or 1), help='images read at a time (%(default)s)'
    )
    parser.add_argument('--max-images', type=int, help='images of each dataset to read, evenly spread (all)')
    parser.add_argument('--out', help='write the report to this json file as well')
    add_cfg_options(parser)
    args = parser.parse_args(arguments)
    check_least(parser, args, workers=1, max_images=0)
    return args


def main(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> int:
    """Check, print the report, and return the exit status.

    Args:
        arguments: words of the command line, by default those of this process.
        prog: the command that the program was called by, by default the file that was started.
    """
    args = parse_args(arguments, prog=prog)
    from ..config.reading import load_config
    from ..data_check import check_config
    from ..utils.atomic_file import write_atomic
    from ..utils.output_paths import check_outputs
    from ..utils.progress import track
    from .inputs import files_of_config

    cfg = load_config(args.config, args.cfg_options)
    if args.out:
        check_outputs([args.out], inputs=[args.config, *files_of_config(cfg)])
    report = check_config(
        cfg, name=args.config, phases=args.phase, workers=args.workers, max_images=args.max_images, track=track
    )
    print(report.text())
    if args.out:
        write_atomic(args.out, json.dumps(report.to_dict(), indent=1) + '\n')
    return OK if report.ok else FOUND
