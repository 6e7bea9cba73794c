#!/usr/bin/env python
"""Rename the old toolbox's top-down heatmap configs, and report which of them run here and what the others need."""

import argparse
import os.path as osp
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import make_parser
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.cli.status import FOUND, OK

if TYPE_CHECKING:
    from mmpose_dark.compat.configs import Needs

EPILOG = f"""
The folder is that of the configs in a clone (configs/) or in the wheel of mmpose 1.3.2 (mmpose/.mim/configs).
Exit status {FOUND}: a config neither runs nor names a component that is missing.
"""


def _parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__, epilog=EPILOG)
    parser.add_argument('folder', type=Path, help='folder with configs of mmpose 1.x')
    parser.add_argument('--out', type=Path, help='keep the renamed configs in this folder')
    parser.add_argument('--run', action='store_true', help='one training step and one test step each, on the samples')
    parser.add_argument('--data', type=Path, default=Path('../shared/data/samples'), help='the samples (%(default)s)')
    parser.add_argument('--only', default='', metavar='TEXT', help='only configs with this in their path')
    parser.add_argument('--explain', action='store_true', help='print all that is wrong with a config, not the names')
    return parser.parse_args()


def _tried(needs: 'Needs', data: Path) -> str:
    """Run a config on the samples; return what went wrong."""
    from mmpose_dark.compat.samples import on_samples, step
    from mmpose_dark.utils.errors import UserError

    with tempfile.TemporaryDirectory() as work_dir:
        try:
            step(on_samples(needs.config, data), Path(work_dir))
        except UserError as err:
            return f'{type(err).__name__}: {err}'
        except Exception as err:  # the report is about all of them
            return f'FAULT {type(err).__name__}: {err}'
    return ''


def _report(args: argparse.Namespace, folder: Path) -> int:
    from mmpose_dark.compat.configs import needs_of, rename_configs, top_down_heatmap_configs
    from mmpose_dark.utils.errors import InputError
    from mmpose_dark.utils.progress import track

    rename_configs(args.folder, folder)
    files = [file for file in top_down_heatmap_configs(folder) if args.only in str(file.relative_to(folder))]
    if not files:
        raise InputError(f'{args.folder}: no configs (.py) there')
    runs, unclear = 0, 0
    for file in track(files, unit='configs'):
        needs = needs_of(file)
        wrong = needs.message
        if not wrong and args.run:
            wrong = _tried(needs, args.data)
        if not wrong:
            said = 'runs'
        elif needs.names and not args.explain:
            said = f'needs {", ".join(needs.names)}'
        else:
            said = wrong.replace(str(folder), '').replace('\n', '\n    ')
        runs += not wrong
        unclear += bool(wrong) and not needs.names
        print(f'{file.relative_to(folder)}: {said}', flush=True)
    print(
        f'{runs} of {len(files)} run, {len(files) - runs - unclear} need components that are not here, {unclear} others'
    )
    return FOUND if unclear else OK


def main() -> int:
    """Rename, look, run and count."""
    args = _parse_args()
    if args.out:
        return _report(args, args.out)
    with tempfile.TemporaryDirectory() as folder:
        return _report(args, Path(folder))


if __name__ == '__main__':
    with user_errors('mmpose_configs.py'):
        sys.exit(main())
