"""How cost grows: time and memory against images, people, keypoints, workers, training and test sets.

    python tools/benchmarks/scale.py
    python tools/benchmarks/scale.py --only images startup --again --out scale.json
    python tools/benchmarks/scale.py --shrink 100
    python tools/benchmarks/scale.py --largest

Each point is a process of its own, so that its peak memory is its own, with one torch thread. Slopes are those of a
log-log plot by least squares: a time slope of 1 means that an item costs the same however many there are, a memory
slope of 0 that nothing is kept of it. A point that was measured before is taken from --points, unless --again. Linux
only: peaks are read and reset in /proc.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _bench import check_out, clocks, cores_of_others, git_commit, report
from _growth import TOLERANCE, Points, slope, steep_steps

from mmpose_dark.cli.status import INTERRUPTED

HERE = Path(__file__).resolve().parent
PARTS = ('images', 'people', 'keypoints', 'workers', 'startup', 'evaluation')
TRAIN = 150_000  # labelled people in COCO's training set, nearly
VAL = 5000  # images in COCO's validation set; some 84,000 detections
POINTS = Path('work_dirs/scale_points.jsonl')
LOOK, TELL = 0.2, 10.0  # seconds


class Factor(NamedTuple):
    """What is varied.

    Attributes:
        name: of it, as an axis is called.
        points: amount and settings of ``_scale_points.py``.
        time: slope of the seconds that is hoped for.
        memory: slope of the memory that is hoped for.
        kept: whether memory means what comes on top of the program itself; otherwise all that is resident.
    """

    name: str
    points: Sequence[tuple[int, dict]]
    time: float = 1.0
    memory: float = 0.0
    kept: bool = False


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', nargs='+', choices=PARTS, default=PARTS, metavar='PART', help=', '.join(PARTS))
    parser.add_argument('--largest', action='store_true', help='a million images as well (some 45 minutes more)')
    parser.add_argument('--shrink', type=int, default=1, metavar='N', help='sizes divided by N, to try the program')
    parser.add_argument('--again', action='store_true', help='measure what was measured before')
    parser.add_argument('--points', type=Path, default=POINTS, help='default: %(default)s')
    parser.add_argument('--threads', type=int, default=1, help='torch threads of each process (default: 1)')
    parser.add_argument('--out', help='write the values and the machine to this json file')
    args = parser.parse_args()
    if not Path('/proc/self/clear_refs').exists():
        parser.error('peaks are reset by /proc/self/clear_refs, which Linux has')
    if args.shrink < 1 or args.threads < 1:
        parser.error('--shrink and --threads must be at least 1')
    return args


def factors(part: str, *, shrink: int = 1, largest: bool = False) -> list[Factor]:
    """Return what a part varies.

    >>> [amount for amount, _ in factors('images', shrink=100)[0].points]
    [10, 100, 1000]
    """

    def sizes(*amounts: int) -> list[int]:
        return [max(amount // shrink, 1) for amount in amounts]

    def images(count: int, people: int, keypoints: int) -> dict:
        return dict(kind='images', count=count, people=people, keypoints=keypoints)

    if part == 'images':
        found = sizes(1000, 10_000, 100_000, *([1_000_000] if largest else []))
        return [Factor('images, one person each', [(n, images(n, 1, 17)) for n in found])]
    if part == 'people':
        (count,) = sizes(100)
        return [Factor('people an image', [(n, images(count, n, 17)) for n in (1, 4, 16, 64)])]
    if part == 'keypoints':
        (count,) = sizes(500)
        return [Factor('keypoints a person', [(n, images(count, 4, n)) for n in (17, 133)])]
    if part == 'workers':
        (count,) = sizes(8000)
        points = [(n, dict(kind='workers', count=count, number=n, shards=8)) for n in (1, 2)]
        return [Factor('workers of Ray', points, time=-1.0, memory=1.0)]
    if part == 'startup':
        found = sizes(TRAIN // 10, TRAIN, 10 * TRAIN)
        return [
            Factor(
                f'people of a training set, {number} loader workers',
                [(n, dict(kind='startup', people=n, number=number)) for n in found],
                memory=1.0,
                kept=True,
            )
            for number in (0, 2)
        ]
    found = sizes(VAL // 10, VAL, 10 * VAL)
    points = [(n, dict(kind='evaluation', images=n)) for n in found]
    return [Factor('evaluated images, 17 people each', points, memory=1.0, kept=True)]


def why_not(spec: dict) -> str:
    """Return why a point cannot be measured here; '' where it can."""
    if spec['kind'] == 'workers' and not all(map(importlib.util.find_spec, ('ray', 'pyarrow'))):
        return 'Ray is not installed'
    needed = 6000 * spec.get('people', 0) * (spec['kind'] == 'startup') + 1e9
    for line in Path('/proc/meminfo').read_text().splitlines():
        if line.startswith('MemAvailable:') and 1024 * int(line.split()[1]) < needed:
            return f'{needed / 1e9:.1f} GB of free memory are needed'
    return ''


def measure_point(spec: dict, data: Path, title: str) -> dict:
    """Measure a point in a new process, and show how long it has taken.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    result, log = data / 'result.json', data / 'log.txt'
    result.unlink(missing_ok=True)
    command = [sys.executable, str(HERE / '_scale_points.py'), json.dumps(dict(spec, data=str(data))), str(result)]
    before, began, told = clocks(), time.monotonic(), 0.0
    with open(log, 'wb') as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None:
                time.sleep(LOOK)
                if time.monotonic() - began > told + TELL:
                    told = time.monotonic() - began
                    print(f'{title}: {told:.0f} s ...', flush=True)
        finally:
            process.kill()
            process.wait()
    if process.returncode or not result.is_file():
        raise RuntimeError(f'status {process.returncode}: {log.read_text(errors="replace")[-1500:]}')
    found = json.loads(result.read_text())
    others = None if spec['kind'] == 'workers' else cores_of_others(before)  # Ray's processes count as others there
    return dict(found, others=others, commit=git_commit())


def row_of(factor: Factor, amount: int, found: dict) -> dict:
    """Return a point as a line of the table."""
    return dict(
        factor=factor.name,
        value=f'{amount:,}',
        amount=amount,
        seconds=rounded(found['seconds']),
        processor_seconds=None if found['cpu'] is None else rounded(found['cpu']),
        memory_MB=rounded(memory_of(factor, found) / 1e6),
        kept_at_the_end_MB=rounded(found['held'] / 1e6) if found['held'] else None,
        own_of_a_worker_MB=rounded(found['workers'] / 1e6) if found['workers'] else None,
        note=found['note'],
        cores_of_others=found['others'],
    )


def time_of(found: dict) -> float:
    """Return the seconds that a slope is of: the processor's, which other programs hardly change, where they are known.

    >>> time_of(dict(seconds=3.0, cpu=2.5)), time_of(dict(seconds=3.0, cpu=None))
    (2.5, 3.0)
    """
    return found['seconds'] if found['cpu'] is None else found['cpu']


def memory_of(factor: Factor, found: dict) -> float:
    """Return the bytes that a factor's slope is of."""
    return max(found['peak'] - found['start'] * factor.kept, 1.0)


def rounded(value: float) -> float:
    """Return a number with three significant digits.

    >>> rounded(1234.5), rounded(0.01234)
    (1230.0, 0.0123)
    """
    return float(f'{value:.3g}')


def verdict(factor: Factor, measured: Sequence[tuple[int, dict]]) -> dict:
    """Return the slopes of a factor's points, two at least, and where they are above their goals."""
    amounts = [amount for amount, _ in measured]
    seconds = [time_of(found) for _, found in measured]
    memory = [memory_of(factor, found) for _, found in measured]
    (first, _), (last, _) = measured[0], measured[-1]
    steep = [f'time, {step}' for step in steep_steps(amounts, seconds, factor.time)]
    steep += [f'memory, {step}' for step in steep_steps(amounts, memory, factor.memory)]
    return dict(
        factor=factor.name,
        range=f'{first:,} to {last:,}',
        time_slope=_text(slope(amounts, seconds)),
        time_goal=f'{factor.time:g}',
        memory_slope=_text(slope(amounts, memory)),
        memory_goal=f'{factor.memory:g}',
        more_time=_per(seconds[-1] - seconds[-2], amounts[-1] - amounts[-2]),
        more_memory=f'{rounded((memory[-1] - memory[-2]) / (amounts[-1] - amounts[-2]) / 1e3):g} kB',
        above_its_goal='; '.join(steep) or 'nowhere',
    )


def _text(value: float) -> str:
    return f'{round(value, 2) + 0.0:.2f}'  # no -0.00


def _per(seconds: float, amount: int) -> str:
    return f'{rounded(1e3 * seconds / amount):g} ms'


def main(args: argparse.Namespace) -> None:
    """Measure what is missing, and report."""
    check_out(args.out)
    os.environ['OMP_NUM_THREADS'] = str(args.threads)  # of the points' processes
    chosen = [f for part in PARTS if part in args.only for f in factors(part, shrink=args.shrink, largest=args.largest)]
    points, total, number = Points(args.points), sum(len(factor.points) for factor in chosen), 0
    rows, slopes, notes, commits = [], [], [], set()
    with tempfile.TemporaryDirectory(prefix='scale_') as folder:
        for factor in chosen:
            measured = []
            for amount, spec in factor.points:
                number += 1
                title = f'[{number}/{total}] {factor.name}: {amount:,}'
                found = None if args.again else points.find(dict(spec, threads=args.threads))
                before = 'measured before' if found else why_not(spec)
                if not before:
                    try:
                        found = measure_point(spec, Path(folder), title)
                    except RuntimeError as err:
                        before = f'failed, {err}'
                    else:
                        points.keep(dict(spec, threads=args.threads), found)
                print(f'{title}: {before or "done"}' + (f', {found["seconds"]:.3g} s' if found else ''), flush=True)
                if found is None:
                    notes.append(f'{factor.name}, {amount:,}: not measured, {before.splitlines()[-1]}.')
                    continue
                measured.append((amount, found))
                rows.append(row_of(factor, amount, found))
                commits.add(found['commit'])
            if len(measured) > 1:
                slopes.append(verdict(factor, measured))
    if not slopes:
        sys.exit('no factor has two points: ' + ' '.join(notes))
    if len(commits) > 1:
        notes.append(f'Points are of several commits: {", ".join(sorted(map(str, commits)))}.')
    notes.append(f'A step is named where its slope is more than {TOLERANCE} above the goal.')
    report(slopes, device='cpu', out=args.out, sweep=rows, notes=notes)


if __name__ == '__main__':
    try:
        main(parse_args())
    except KeyboardInterrupt:
        print('interrupted: the same command goes on behind what is measured', file=sys.stderr)
        sys.exit(INTERRUPTED)
