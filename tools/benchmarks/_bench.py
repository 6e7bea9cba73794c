"""What the benchmarks share: timing with warm-up, spread and device synchronisation, and the record they leave.

A benchmark times ours and a plain baseline in one run, and hands its rows to ``report``, losses too.
``docs/benchmarks.md`` is generated from the json files by ``tools/docs/benchmarks.py``.
"""

import argparse
import datetime
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Timing(NamedTuple):
    """Milliseconds of repeated calls."""

    median: float
    low: float
    high: float
    repeats: int

    def __str__(self) -> str:
        median, low, high = (f'{v:.3g}' if v < 1000 else f'{v:.0f}' for v in self[:3])
        return f'{median} ms ({low}-{high})'


def make_parser(
    description: str | None,
    *,
    repeat: int,
    repeated: str = 'calls',
    device: bool = False,
    threads: bool = False,
) -> argparse.ArgumentParser:
    """Return a parser with the options that benchmarks share.

    Args:
        description: the program's docstring.
        repeat: default of ``--repeat``.
        repeated: what is measured that often.
        device: add ``--device``.
        threads: add ``--threads``.

    >>> args = make_parser('Text.', repeat=5, device=True).parse_args(['--repeat', '2'])
    >>> args.repeat, args.device, args.out
    (2, 'cpu', None)
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    if device:
        parser.add_argument('--device', default='cpu', help='cpu, cuda, cuda:1, mps (default: cpu)')
    parser.add_argument('--repeat', type=int, default=repeat, help=f'measured {repeated} (default: {repeat})')
    if threads:
        parser.add_argument('--threads', type=int, help='torch threads (default: torch decides)')
    parser.add_argument('--out', help='write the timings and the machine to this json file')
    return parser


def check_out(out: str | None) -> None:
    """End the program where the record could not be written; called before anything is measured.

    >>> check_out(None)
    """
    from mmpose_dark.cli.errors import user_errors  # not before torch: it would change how its threads wait
    from mmpose_dark.utils.output_paths import check_outputs

    with user_errors(Path(sys.argv[0]).name):
        check_outputs([out] if out else [])


def measure(function: Callable[[], object], *, repeats: int, device: str = 'cpu', warm_up: int = 2) -> Timing:
    """Time ``function``: median and the middle half of ``repeats`` calls after ``warm_up`` unmeasured ones.

    On a GPU the clock stops only when the device has finished.
    """
    for _ in range(warm_up):
        function()
    synchronize(device)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        synchronize(device)
        times.append(1e3 * (time.perf_counter() - start))
    return timing_of(times)


def measure_in_turns(
    functions: Sequence[Callable[[], object]], *, repeats: int, device: str = 'cpu', warm_up: int = 2
) -> list[Timing]:
    """Time functions that take turns, every other round in reverse, so that what else happens meets all of them."""
    times: list[list[float]] = [[] for _ in functions]
    for number in range(warm_up + repeats):
        for which in range(len(functions))[:: -1 if number % 2 else 1]:
            timing = measure(functions[which], repeats=1, device=device, warm_up=0)
            times[which] += [timing.median] if number >= warm_up else []
    return [timing_of(part) for part in times]


def timing_of(times: Sequence[float]) -> Timing:
    """Median and middle half of calls that were timed one by one, in milliseconds.

    >>> print(timing_of([4.0, 1.0, 2.0, 3.0, 100.0]))
    3 ms (2-4)
    """
    quartiles = statistics.quantiles(times, n=4, method='inclusive') if len(times) > 1 else [times[0]] * 3
    return Timing(statistics.median(times), quartiles[0], quartiles[2], len(times))


def sweep_points(*, base_people: int) -> Iterator[tuple[str, str, int, int, tuple[int, int], int]]:
    """What a sweep measures: one of people a batch, keypoints and input size varied at a time.

    Args:
        base_people: people a batch where that is not what is varied; 17 keypoints and 256x192 where those are not.

    Yields:
        factor, value, people, keypoints, input (width, height), and what stands for the value on an axis.

    >>> next(sweep_points(base_people=64)), list(sweep_points(base_people=64))[-1]
    (('people a batch', '1', 1, 17, (192, 256), 1), ('input size', '384x288', 64, 17, (288, 384), 110592))
    """
    base = (192, 256)
    for people in (1, 4, 16, 64, 256):
        yield 'people a batch', str(people), people, 17, base, people
    for keypoints in (17, 21, 68, 133):
        yield 'keypoints', str(keypoints), base_people, keypoints, base, keypoints
    for width, height in ((96, 128), base, (288, 384)):
        yield 'input size', f'{height}x{width}', base_people, 17, (width, height), width * height


def synchronize(device: str) -> None:
    """Wait until the device has done all that was asked of it."""
    import torch

    kind = torch.device(device).type
    if kind == 'cuda':
        torch.cuda.synchronize(device)
    elif kind == 'mps':
        torch.mps.synchronize()


def machine(device: str) -> dict:
    """What a timing depends on: processor, device, threads, versions, commit, and what else the machine did."""
    import cv2
    import numpy as np
    import torch

    from mmpose_dark.utils.machine import processor_name

    kind = torch.device(device).type
    name = torch.cuda.get_device_name(device) if kind == 'cuda' else processor_name()
    name += f' ({device})' if kind not in ('cpu', 'cuda') else ''
    return dict(
        device=name,
        cpu=processor_name(),
        cores=os.cpu_count(),
        threads=torch.get_num_threads(),
        load_average=round(os.getloadavg()[0], 1) if hasattr(os, 'getloadavg') else None,
        other_programs=cores_of_others(),
        system=platform.platform(),
        python=platform.python_version(),
        torch=torch.__version__,
        numpy=np.__version__,
        opencv=cv2.__version__,
        commit=git_commit(),
    )


def git_commit() -> str | None:
    """The commit of the working copy, with ``-dirty`` where files have changed; None without git."""
    git = subprocess.run(['git', 'describe', '--always', '--dirty'], cwd=ROOT, capture_output=True, text=True)
    return git.stdout.strip() or None


def clocks() -> tuple[float, float, float] | None:
    """Seconds on the wall, of all processors at work, and of this program with its children; None where unknown."""
    stat = Path('/proc/stat')
    if not stat.exists():
        return None
    user, nice, system, _, _, irq, soft_irq, *_ = map(int, stat.read_text().split(maxsplit=8)[1:8])
    busy = (user + nice + system + irq + soft_irq) / os.sysconf('SC_CLK_TCK')
    return time.perf_counter(), busy, sum(os.times()[:4])


_BEGIN = clocks()


def cores_of_others(since: tuple[float, float, float] | None = _BEGIN) -> float | None:
    """Processor cores that other programs kept busy, on average, since ``clocks`` or since this one began."""
    now = clocks()
    if now is None or since is None:
        return None
    wall, busy, own = (b - a for a, b in zip(since, now, strict=True))
    return round(max(0.0, busy - own) / max(wall, 1e-9), 1)


def report(
    rows: Sequence[dict], *, device: str, out: str | None, sweep: Sequence[dict] = (), notes: Sequence[str] = ()
) -> None:
    """Print ``rows`` (equal keys) as a table below a line on the machine; write all as json if ``out`` is given.

    The json's keys: ``benchmark`` (the program's name), ``title`` (the first line of its description), ``command``,
    ``date``, ``machine``, ``results`` (the rows), ``sweep``, ``notes``.

    Args:
        rows: the table. A :class:`Timing` becomes its four numbers in the json.
        device: where it was measured.
        out: json file.
        sweep: a second table, with one of several factors varied at a time: rows with ``factor`` (what is varied),
            ``value`` (to what), ``amount`` (a number that stands for it on an axis), then a :class:`Timing` each.
        notes: what a reader has to know besides, such as that a baseline is missing.
    """
    record = machine(device)
    print(
        f'{record["device"]}, {record["threads"]} of {record["cores"]} CPU cores, load {record["load_average"]}, '
        f'torch {record["torch"]}, commit {record["commit"]}'
    )
    for table in filter(None, (rows, sweep)):
        _print_table(table)
    for note in notes:
        print(note)
    if out:
        program = sys.modules['__main__']
        content = dict(
            benchmark=Path(sys.argv[0]).stem,
            title=(program.__doc__ or '').strip().split('\n')[0],
            command=_command(),
            date=datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%d %H:%M UTC'),
            machine=record,
            results=[_plain(row) for row in rows],
            sweep=[_plain(row) for row in sweep],
            notes=list(notes),
        )
        from mmpose_dark.utils.atomic_file import write_atomic

        write_atomic(out, json.dumps(content, indent=1) + '\n')


def _print_table(rows: Sequence[dict]) -> None:
    header = list(rows[0])
    lines = [header, *([str(row[key]) for key in header] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    for line in lines:
        print('  '.join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _plain(row: dict) -> dict[str, object]:
    """A row as json holds it."""

    def plain(value: object) -> object:
        if not isinstance(value, Timing):
            return value
        return {k: float(f'{v:.4g}') for k, v in value._asdict().items()} | dict(repeats=value.repeats)

    return {key: plain(value) for key, value in row.items()}


def _command() -> str:
    """The command line, with the program's path from the repository's root."""
    program = Path(sys.argv[0]).resolve()
    shown = program.relative_to(ROOT).as_posix() if program.is_relative_to(ROOT) else str(program)
    return shlex.join(['python', shown, *sys.argv[1:]])
