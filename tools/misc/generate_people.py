#!/usr/bin/env python
"""Draw a dataset of people in COCO's format.

The one that ``make demo`` uses::

    python tools/misc/generate_people.py data/people
"""

import argparse
import dataclasses
import os.path as osp
import sys

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import make_parser
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.synthetic import PeopleSettings

FIELDS = [field for field in dataclasses.fields(PeopleSettings) if field.name != 'version']


def _parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__)
    parser.add_argument('root', nargs='?', default='data/people', help='folder to write to (default: %(default)s)')
    for field in FIELDS:
        parser.add_argument(f'--{field.name}', type=int, default=field.default, help='default: %(default)s')
    parser.add_argument('--workers', type=int, help='processes (default: one for each core, at most 8)')
    parser.add_argument('--force', action='store_true', help='draw again what is already there')
    return parser.parse_args()


def main() -> None:
    """Draw."""
    args = _parse_args()
    from mmpose_dark.synthetic import prepare_dataset

    settings = PeopleSettings(**{field.name: getattr(args, field.name) for field in FIELDS})
    prepare_dataset(args.root, settings, workers=args.workers, force=args.force)


if __name__ == '__main__':
    with user_errors('generate_people.py'):
        main()
