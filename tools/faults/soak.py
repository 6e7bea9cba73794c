#!/usr/bin/env python
"""Run for long, and look whether anything grows: memory, open files, threads, temporary files. Linux only.

Images through `mmpose-dark predict`, a training with its validations, and the same test again and again in one process.
Each is a process of its own that is looked at from outside, with all its children. The network is the demo's start.
"""

import argparse
import json
import os
import os.path as osp
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import check_least, make_parser
from mmpose_dark.cli.errors import user_errors

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / 'configs' / 'demo' / 'people_dark_192x144.py'
SECONDS = 0.5
GROWTH = 0.03
"""Part by which resident memory may be larger at the end than after the warm-up, and as much again in megabytes:"""
GROWTH_MB = 24.0
WARM_UP = 15.0
"""Seconds in which a process may load what it needs."""


class Look(NamedTuple):
    """A process and its children at one moment.

    Attributes:
        memory: resident, in megabytes; what they share counts for each.
        handles: open files.
        threads: of all.
    """

    memory: float
    handles: int
    threads: int


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    parser.add_argument('--images', type=int, default=6000, help='through predict (default: 6000)')
    parser.add_argument('--epochs', type=int, default=30, help='of training (default: 30)')
    parser.add_argument('--rounds', type=int, default=60, help='of testing (default: 60)')
    parser.add_argument('--only', nargs='+', choices=('predict', 'train', 'test'), help='some of the three')
    parser.add_argument('--predict-with', nargs=2, metavar=('CONFIG', 'CHECKPOINT'), help='another network for predict')
    parser.add_argument('--out', default='work_dirs/soak.json', help='where the numbers go (default: %(default)s)')
    parser.add_argument('--test-again', nargs=2, metavar=('CONFIG', 'TIMES'), help=argparse.SUPPRESS)
    args = parser.parse_args()
    check_least(parser, args, images=1, epochs=1, rounds=1)
    return args


def look_at(pid: int) -> Look | None:
    """Look at a process and its children; None when it has ended."""
    family, waiting = [], [pid]
    while waiting:
        family.append(waiting.pop())
        for task in Path(f'/proc/{family[-1]}/task').glob('*/children'):
            try:
                waiting += map(int, task.read_text().split())
            except OSError:  # it ended while it was looked at
                continue
    memory = handles = threads = 0
    for one in family:
        try:
            status = dict(line.split(':', 1) for line in Path(f'/proc/{one}/status').read_text().splitlines())
            memory += int(status['VmRSS'].split()[0])
            threads += int(status['Threads'])
            handles += len(os.listdir(f'/proc/{one}/fd'))
        except (OSError, KeyError):  # ended; without VmRSS: a zombie
            continue
    return Look(memory / 1024, handles, threads) if memory else None


def judge(looks: Sequence[Look]) -> dict[str, object]:
    """Compare the last third of what was seen with the third before it; the first is the warm-up.

    Workers come and go, so the most of each third counts.

    Returns:
        Both by name, and ``flat``: whether nothing grew, None where the run was too short to say.
    """
    third = len(looks) // 3
    middle, last = (
        Look(*map(max, zip(*part, strict=True))) for part in (looks[third : 2 * third] or looks, looks[2 * third :])
    )
    flat = (
        last.memory <= middle.memory * (1 + GROWTH) + GROWTH_MB
        and last.handles <= middle.handles + 1  # a file that is just being read
        and last.threads <= middle.threads
    )
    return dict(middle=middle._asdict(), last=last._asdict(), flat=flat if third * SECONDS >= WARM_UP else None)


def run(name: str, command: Sequence[str], folder: Path) -> dict[str, object]:
    """Run a command, look at it all the while, and judge.

    Raises:
        StateError: it failed.
    """
    from mmpose_dark.utils.errors import StateError
    from mmpose_dark.utils.progress import show_progress

    temporary = folder / f'{name}_tmp'
    temporary.mkdir()
    log = folder / f'{name}.log'
    looks: list[Look] = []
    began = time.monotonic()
    with open(log, 'wb') as file, show_progress(name, None, 'looks') as report:
        process = subprocess.Popen(
            command, cwd=folder, stdout=file, stderr=subprocess.STDOUT, env={**os.environ, 'TMPDIR': str(temporary)}
        )
        try:
            while process.poll() is None:
                found = look_at(process.pid)
                looks += [found] if found else []
                report(len(looks), None, f'{looks[-1].memory:.0f} MB' if looks else '')
                time.sleep(SECONDS)
        finally:
            process.kill()
            process.wait()
    if process.returncode:
        raise StateError(f'{name}: ended with {process.returncode}: {log.read_text(errors="replace")[-1500:]}')
    left = sorted(str(path.relative_to(temporary)) for path in temporary.rglob('*') if path.is_file())
    found = judge(looks)
    found['flat'] = found['flat'] and not left
    return dict(found, left_behind=left, looks=len(looks), seconds=round(time.monotonic() - began, 1))


def commands_of(args: argparse.Namespace, folder: Path) -> dict[str, list[str]]:
    """Draw a small dataset, and return the commands by name."""
    from mmpose_dark.synthetic import PeopleSettings, write_dataset

    data = folder / 'people'
    write_dataset(data, PeopleSettings(train=40, val=24, seed=5))
    places = [f'{part}_dataloader.dataset.data_root={data}' for part in ('train', 'val', 'test')]
    places += [f'{part}_evaluator.ann_file={data}/annotations/val.json' for part in ('val', 'test')]
    (checkpoint,) = (ROOT / 'demo').glob('people_start-*.pth')
    options = ['--cfg-options', *places, f'load_from={checkpoint}']
    lake = folder / 'lake'
    lake.mkdir()
    images = sorted((data / 'images').iterdir())
    for number in range(args.images):
        os.link(
            images[number % len(images)], lake / f'{number:07d}{images[0].suffix}'
        )  # symbolic ones count as one image
    config, weights = args.predict_with or (CONFIG, checkpoint)
    network = ['--config', str(config), '--checkpoint', str(weights)]
    tools = ROOT / 'tools'
    variant = folder / 'soak_test.py'
    variant.write_text(
        f'_base_ = {str(CONFIG)!r}\nload_from = {str(checkpoint)!r}\nwork_dir = {str(folder / "tested")!r}\n'
        f'test_dataloader = dict(dataset=dict(data_root={str(data)!r}))\n'
        f'test_evaluator = dict(ann_file={str(data / "annotations" / "val.json")!r})\n'
    )
    python = sys.executable
    return dict(
        predict=[python, '-m', 'mmpose_dark', 'predict', str(lake), *network, '--whole-image', '--save', 'csv', 'jsonl',
                 '--out-dir', str(folder / 'poses')],
        train=[python, str(tools / 'train.py'), str(CONFIG), '--work-dir', str(folder / 'trained'), *options,
               f'train_cfg.max_epochs={args.epochs}', 'train_cfg.val_interval=1'],
        test=[python, str(Path(__file__).resolve()), '--test-again', str(variant), str(args.rounds)],
    )  # fmt: skip


def test_again(config: str, times: int) -> None:
    """Test so many times in this process."""
    from mmpose_dark.config.reading import load_config
    from mmpose_dark.engine import PoseRunner

    for _ in range(times):
        PoseRunner.from_cfg(load_config(config)).test()


def main() -> int:
    """Run all; return 1 if anything grew."""
    args = parse_args()
    if args.test_again:
        test_again(args.test_again[0], int(args.test_again[1]))
        return 0
    from mmpose_dark.utils.atomic_file import write_atomic
    from mmpose_dark.utils.output_paths import check_outputs

    check_outputs([args.out])
    results: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix='soak_') as name:
        folder = Path(name)
        for campaign, command in commands_of(args, folder).items():
            if args.only and campaign not in args.only:
                continue
            results[campaign] = found = run(campaign, command, folder)
            print(f'{campaign:<8} {_verdict(found)}; left behind: {found["left_behind"] or "nothing"}', flush=True)
            amounts = dict(images=args.images, epochs=args.epochs, rounds=args.rounds)
            write_atomic(
                args.out, json.dumps(dict(machine=platform.platform(), **amounts, campaigns=results), indent=1)
            )
    return 1 if any(found['flat'] is False for found in results.values()) else 0


def _verdict(found: dict) -> str:
    said = {True: 'flat', False: 'GROWS', None: 'too short to say'}[found['flat']]
    return f'{said} in {found["seconds"]} s: {_text(found["middle"])} -> {_text(found["last"])}'


def _text(look: dict) -> str:
    return f'{look["memory"]:.0f} MB, {look["handles"]:.0f} files, {look["threads"]:.0f} threads'


if __name__ == '__main__':
    with user_errors('soak.py'):
        sys.exit(main())
