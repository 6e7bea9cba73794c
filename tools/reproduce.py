#!/usr/bin/env python
"""Reproduce rows of the model zoo: fetch the weights, test, compare with the published values, keep the result.

Exit status 0: every row is reproduced. 1: a main value differs by more than the tolerance. 2: data or weights
are missing (then nothing was run), or a test failed.
"""

import argparse
import datetime
import hashlib
import json
import os.path as osp
import platform
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, osp.dirname(osp.dirname(osp.abspath(__file__))))

from mmpose_dark.cli.arguments import add_device_argument, make_parser
from mmpose_dark.cli.dict_action import parse_settings
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.cli.status import FOUND, OK, SOME_UNUSABLE, USER_ERROR
from mmpose_dark.utils.errors import UserError
from mmpose_dark.zoo import Comparison, Row, Zoo, ZooError, list_rows, read_zoo

ROOT = Path(__file__).resolve().parents[1]


def _parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__)
    parser.add_argument('rows', nargs='*', metavar='ROW', help="ids of rows, or patterns as 'mmpose-*_coco_*_dark'")
    parser.add_argument('--list', action='store_true', help='list the rows (those named, or all) and end')
    parser.add_argument('--check', action='store_true', help='only look whether data and weights are there')
    parser.add_argument('--checkpoint', help='weights to use instead of the published ones (one row only)')
    parser.add_argument('--tolerance', type=float, help="difference allowed (default: the benchmark's)")
    add_device_argument(parser)
    parser.add_argument('--cfg-options', nargs='+', default=[], help='as of tools/test.py: where your data is')
    parser.add_argument('--zoo', default=ROOT / 'docs' / 'zoo' / 'published.json', help='file of the published rows')
    parser.add_argument('--results-dir', type=Path, help='folder of the result files (default: beside the zoo file)')
    args = parser.parse_args()
    if not args.rows and not args.list:
        parser.error('name one or more rows; --list shows them')
    return args


def _check_data(row: Row, cfg_options: Sequence[str]) -> None:
    """Build the row's test set and metrics: raises what is wrong with annotations, detections and folders."""
    from mmpose_dark.config import load_config, validate_config
    from mmpose_dark.config.tree import evaluators_of
    from mmpose_dark.registry import DATASETS, METRICS

    cfg = load_config(row.config, {**row.options, **parse_settings(cfg_options)})
    validate_config(cfg)
    DATASETS.build(dict(cfg.test_dataloader.dataset))
    for evaluator in evaluators_of(cfg, 'test'):
        METRICS.build(dict(evaluator))


def _fetch(row: Row, checkpoint: str | None) -> Path:
    """Return the file of a row's weights, downloading it if it has a URL.

    Raises:
        CheckpointError: it cannot be had; the message says how a person gets it.
    """
    from mmpose_dark.checkpoint import CheckpointError, download_checkpoint
    from mmpose_dark.checkpoint.urls import is_url

    source = checkpoint or row.weights
    if is_url(source):
        return download_checkpoint(source)
    path = Path(source)
    if path.is_file():
        return path
    if checkpoint:
        raise CheckpointError(f'--checkpoint {checkpoint}: there is no such file')
    if row.checkpoint:
        raise CheckpointError(f'download {row.checkpoint} in a browser and save it as {path.absolute()}')
    raise CheckpointError(f'the source gives no URL of its weights; use --checkpoint, or put yours at {path}')


def _problems_of(row: Row, args: argparse.Namespace) -> list[str]:
    """Return what keeps a row from being run; weights are not downloaded while the data is missing."""
    from mmpose_dark.checkpoint.urls import is_url

    found = []
    for step in (lambda: _check_data(row, args.cfg_options), lambda: _fetch(row, args.checkpoint)):
        if found and is_url(args.checkpoint or row.weights):
            break
        try:
            step()
        except (UserError, OSError) as err:
            found.append(str(err))
    return found


def _run_test(row: Row, args: argparse.Namespace) -> tuple[list[str], dict[str, float]]:
    """Run the row's command; return it and the metrics.

    Raises:
        ZooError: the command failed, or left images out.
    """
    command = [*row.test_arguments(args.checkpoint), '--device', args.device]
    command += ['--cfg-options', *args.cfg_options] if args.cfg_options else []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / 'metrics.json'
        program = [sys.executable, str(ROOT / command[0]), *command[1:], '--out', str(out)]
        status = subprocess.run(program, check=False).returncode
        if status:
            unread = 'could not read all images, so its values cannot be compared'
            what = unread if status == SOME_UNUSABLE else 'failed'
            raise ZooError(f'{row.id}: tools/test.py {what} (status {status}); see what it wrote above')
        return ['python', *command], json.loads(out.read_text())


def _report(zoo: Zoo, row: Row, result: Comparison) -> str:
    """Return the comparison as text."""
    benchmark = zoo.benchmarks[row.benchmark]
    if result['reproduced'] is None:
        return f'{row.id}: upload the results file that the test wrote at {benchmark.server}, which scores it'
    lines = [f'\n{row.id}', f'  {"value":<10} {"published":>9} {"here":>9} {"difference":>10}']
    for name, value in result['measured'].items():
        published = row.published[name]
        lines.append(f'  {name:<10} {published:>9.3f} {value:>9.3f} {value - published:>+10.3f}')
    verdict = 'reproduced' if result['reproduced'] else 'NOT reproduced'
    return '\n'.join([*lines, f'  {verdict}: {benchmark.main} to within {result["tolerance"]:g}'])


def _origin(row: Row, args: argparse.Namespace, command: Sequence[str]) -> Mapping[str, object]:
    """Return how a result came about."""
    import torch

    import mmpose_dark
    from mmpose_dark.utils.device import resolve_device

    device = resolve_device(args.device)
    return dict(
        config=row.config,
        checkpoint=args.checkpoint or row.weights,
        checkpoint_sha256=hashlib.sha256(_fetch(row, args.checkpoint).read_bytes()).hexdigest(),
        command=shlex.join(command),
        date=datetime.date.today().isoformat(),
        device=torch.cuda.get_device_name(device) if device.type == 'cuda' else f'{device.type}, {platform.machine()}',
        versions=dict(mmpose_dark=mmpose_dark.__version__, torch=torch.__version__, python=platform.python_version()),
    )


def main() -> int:
    """Check all rows, then run them one after the other; return the exit status."""
    args = _parse_args()
    zoo = read_zoo(args.zoo)
    rows = zoo.choose(args.rows)
    folder = args.results_dir or zoo.results_folder
    if args.list:
        print(list_rows(zoo, rows, folder))
        return OK
    if args.checkpoint and len(rows) > 1:
        raise ZooError(f'--checkpoint is for one row; {len(rows)} are named')
    problems = {row.id: found for row in rows if (found := _problems_of(row, args))}
    for name, found in problems.items():
        print(f'{name} cannot be run:\n' + '\n'.join(f'  - {problem}' for problem in found), file=sys.stderr)
    if problems or args.check:
        print(f'{len(rows) - len(problems)} of {len(rows)} rows can be run; nothing was run.', file=sys.stderr)
        return USER_ERROR if problems else OK
    from mmpose_dark.utils.output_paths import check_outputs

    check_outputs([folder / f'{row.id}.json' for row in rows])
    reproduced = [_reproduce(zoo, row, args, folder) for row in rows]
    return FOUND if False in reproduced else OK


def _reproduce(zoo: Zoo, row: Row, args: argparse.Namespace, folder: Path) -> bool | None:
    """Test a row, print and keep the comparison; return whether it is reproduced, None where only a server knows."""
    from mmpose_dark.utils.atomic_file import write_atomic

    command, metrics = _run_test(row, args)
    result = zoo.compare(row, metrics, tolerance=args.tolerance)
    text = _report(zoo, row, result)
    if result['reproduced'] is not None:
        path = folder / f'{row.id}.json'
        write_atomic(path, json.dumps({**result, **_origin(row, args, command)}, indent=2) + '\n')
        text += f'\n  {path}'
    print(text, flush=True)
    return result['reproduced']


if __name__ == '__main__':
    with user_errors('reproduce.py'):
        sys.exit(main())
