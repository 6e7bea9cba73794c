#!/usr/bin/env python
"""Reproduce rows of the model zoo: fetch the weights, test, compare with the published figures, keep the result.

Exit status 0: every row is reproduced. 1: a main figure differs by more than the tolerance. 2: data or weights
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
from pathlib import Path
from typing import Any

sys.path.insert(0, osp.dirname(osp.dirname(osp.abspath(__file__))))

import torch
from mmengine.config import DictAction

import mmpose_dark
from mmpose_dark.checkpoint import CheckpointError, download_checkpoint
from mmpose_dark.checkpoint.urls import is_url
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.config import validate_config
from mmpose_dark.config.reading import load_config
from mmpose_dark.registry import DATASETS, METRICS
from mmpose_dark.utils.device import resolve_device
from mmpose_dark.zoo.rows import Row, Zoo, ZooError, read_zoo

ROOT = Path(__file__).resolve().parents[1]


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('rows', nargs='*', metavar='ROW', help="ids of rows, or patterns as 'mmpose-*_coco_*_dark'")
    parser.add_argument('--list', action='store_true', help='list the rows (those named, or all) and end')
    parser.add_argument('--check', action='store_true', help='only look whether data and weights are there')
    parser.add_argument('--checkpoint', help='weights to use instead of the published ones (one row only)')
    parser.add_argument('--tolerance', type=float, help="difference allowed (default: the benchmark's)")
    parser.add_argument('--device', default='auto', help='as of tools/test.py')
    parser.add_argument('--cfg-options', nargs='+', default=[], help='as of tools/test.py: where your data is')
    parser.add_argument('--zoo', default=ROOT / 'docs' / 'zoo' / 'published.json', help='file of the published rows')
    parser.add_argument('--results-dir', type=Path, help='folder of the result files (default: beside the zoo file)')
    args = parser.parse_args()
    if not args.rows and not args.list:
        parser.error('name one or more rows; --list shows them')
    return args


def overview(zoo: Zoo, rows: list[Row], folder: Path) -> str:
    """Return one line for each row."""
    lines = []
    for row in rows:
        main, result = zoo.benchmarks[row.benchmark].main, zoo.result(row, folder)
        here = f'{result["measured"].get(main, float("nan")):.1f} here' if result else 'not measured here'
        weights = 'address' if row.address else 'by hand' if row.checkpoint else 'none'
        lines.append(f'{row.id:<60} {row.benchmark:<19} {main} {row.published[main]:g}, {here}; weights: {weights}')
    return '\n'.join(lines)


def check_data(row: Row, cfg_options: list[str]) -> None:
    """Build the row's test set and metrics: raises what is wrong with annotations, detections and folders."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    options = parser.parse_args(['--cfg-options', *cfg_options] if cfg_options else []).cfg_options
    cfg = load_config(row.config, {**row.options, **options})
    validate_config(cfg)
    DATASETS.build(dict(cfg.test_dataloader.dataset))
    evaluators = cfg.test_evaluator if isinstance(cfg.test_evaluator, list) else [cfg.test_evaluator]
    for evaluator in evaluators:
        METRICS.build(dict(evaluator))


def fetch(row: Row, checkpoint: str | None) -> Path:
    """Return the file of a row's weights, downloading it if it has an address.

    Raises:
        CheckpointError: it cannot be had; the message says how a person gets it.
    """
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
    raise CheckpointError(f'the source gives no address of its weights; use --checkpoint, or put yours at {path}')


def problems_of(row: Row, args: argparse.Namespace) -> list[str]:
    """Return what keeps a row from being run; weights are not downloaded while the data is missing."""
    found = []
    for step in (lambda: check_data(row, args.cfg_options), lambda: fetch(row, args.checkpoint)):
        if found and is_url(args.checkpoint or row.weights):
            break
        try:
            step()
        except (ValueError, RuntimeError, OSError) as err:  # this package's errors, which a user can put right
            found.append(str(err))
    return found


def test(row: Row, args: argparse.Namespace) -> tuple[list[str], dict[str, float]]:
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
            what = 'could not read all images, so its figures cannot be compared' if status == 3 else 'failed'
            raise ZooError(f'{row.id}: tools/test.py {what} (status {status}); see what it wrote above')
        return ['python', *command], json.loads(out.read_text())


def report(zoo: Zoo, row: Row, result: dict[str, Any]) -> str:
    """Return the comparison as text."""
    benchmark = zoo.benchmarks[row.benchmark]
    if result['reproduced'] is None:
        return f'{row.id}: upload the results file that the test wrote at {benchmark.server}, which scores it'
    lines = [f'\n{row.id}', f'  {"figure":<10} {"published":>9} {"here":>9} {"difference":>10}']
    for name, value in result['measured'].items():
        published = row.published[name]
        lines.append(f'  {name:<10} {published:>9.3f} {value:>9.3f} {value - published:>+10.3f}')
    verdict = 'reproduced' if result['reproduced'] else 'NOT reproduced'
    return '\n'.join([*lines, f'  {verdict}: {benchmark.main} to within {result["tolerance"]:g}'])


def origin(row: Row, args: argparse.Namespace, command: list[str]) -> dict[str, Any]:
    """Return how a result came about."""
    device = resolve_device(args.device)
    return dict(
        config=row.config,
        checkpoint=args.checkpoint or row.weights,
        checkpoint_sha256=hashlib.sha256(fetch(row, args.checkpoint).read_bytes()).hexdigest(),
        command=shlex.join(command),
        date=datetime.date.today().isoformat(),
        device=torch.cuda.get_device_name(device) if device.type == 'cuda' else f'{device.type}, {platform.machine()}',
        versions=dict(mmpose_dark=mmpose_dark.__version__, torch=torch.__version__, python=platform.python_version()),
    )


def main() -> int:
    """Check all rows, then run them one after the other; return the exit status."""
    args = parse_args()
    zoo = read_zoo(args.zoo)
    rows = zoo.choose(args.rows)
    folder = args.results_dir or zoo.results_folder
    if args.list:
        print(overview(zoo, rows, folder))
        return 0
    if args.checkpoint and len(rows) > 1:
        raise ZooError(f'--checkpoint is for one row; {len(rows)} are named')
    problems = {row.id: found for row in rows if (found := problems_of(row, args))}
    for name, found in problems.items():
        print(f'{name} cannot be run:\n' + '\n'.join(f'  - {problem}' for problem in found), file=sys.stderr)
    if problems or args.check:
        print(f'{len(rows) - len(problems)} of {len(rows)} rows can be run; nothing was run.', file=sys.stderr)
        return 2 if problems else 0
    status = 0
    for row in rows:
        command, metrics = test(row, args)
        result = zoo.compare(row, metrics, tolerance=args.tolerance)
        text = report(zoo, row, result)
        if result['reproduced'] is not None:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f'{row.id}.json'
            path.write_text(json.dumps(result | origin(row, args, command), indent=2) + '\n')
            text += f'\n  {path}'
        print(text, flush=True)
        status = max(status, int(result['reproduced'] is False))
    return status


if __name__ == '__main__':
    with user_errors('reproduce.py'):
        sys.exit(main())
