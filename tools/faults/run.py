#!/usr/bin/env python
"""Try what docs/reliability.md promises: kills, full disks, hostile files and servers. Linux only.

Small disks are mounted, which needs root; without it that campaign is left out, and says so.
"""

import argparse
import dataclasses
import importlib
import json
import os.path as osp
import platform
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import make_parser
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.utils.atomic_file import write_atomic
from mmpose_dark.utils.output_paths import check_outputs

# Name, the file and its function, and how many tries one of --tries stands for.
CAMPAIGNS = {
    'kills_of_one': ('processes', 'kills_of_one', 1),
    'kills_of_two': ('processes', 'kills_of_two', 0.5),
    'frozen': ('processes', 'frozen', 0.5),
    'full_disks': ('processes', 'disks_that_are_full', 1),
    'other_resumes': ('resumes', 'other_resumes', 10),
    'not_finite': ('resumes', 'not_finite', 5),
    'names': ('outputs', 'hostile_names', 125),
    'checkpoints': ('files', 'hostile_checkpoints', 250),
    'downloads': ('servers', 'hostile_downloads', 50),
    'concurrent': ('servers', 'concurrent_downloads', 0.5),
    'configs': ('configs', 'hostile_configs', 50),
    'images': ('images', 'damaged_images', 500),
    'annotations': ('annotations', 'changed_annotations', 500),
    'options': ('configs', 'changed_options', 50),
    'reports': ('reports', 'hostile_reports', 125),
}


def _parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__)
    parser.add_argument('--tries', type=int, default=4, help='how much: 4 take some six minutes')
    parser.add_argument('--seed', type=int, default=0, help='of the moments and places')
    parser.add_argument('--only', nargs='+', choices=CAMPAIGNS, default=list(CAMPAIGNS), help='campaigns to run')
    parser.add_argument('--out', default='work_dirs/faults.json', help='where the numbers go')
    return parser.parse_args()


def main() -> int:
    """Run the campaigns; return 1 if anything was not survived."""
    args = _parse_args()
    check_outputs([args.out])
    results = {}
    for name in args.only:
        module, function, share = CAMPAIGNS[name]
        campaign = getattr(importlib.import_module(module), function)
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f'faults_{name}_') as folder:
            found = campaign(max(round(args.tries * share), 1), args.seed, Path(folder))
        found.seconds = round(time.monotonic() - started, 1)
        print(f'{name:<13} {found.survived:>5} of {found.tries:<5} survived in {found.seconds:>6} s  {found.promise}')
        for failure in found.failures:
            print(f'    {failure}')
        sys.stdout.flush()
        results[name] = dataclasses.asdict(found)
        record = dict(machine=platform.platform(), tries=args.tries, seed=args.seed, campaigns=results)
        write_atomic(args.out, json.dumps(record, indent=2) + '\n')
    return int(any(found['survived'] < found['tries'] for found in results.values()))


if __name__ == '__main__':
    with user_errors('faults/run.py'):
        sys.exit(main())
