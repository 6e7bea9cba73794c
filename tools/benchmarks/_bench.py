"""What the benchmarks share: timing with warm-up, spread and device synchronisation, and a record of where it ran."""

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]


class Timing(NamedTuple):
    """Milliseconds of repeated calls."""

    median: float
    low: float
    high: float
    repeats: int

    def __str__(self) -> str:
        return f'{self.median:.3g} ms ({self.low:.3g}-{self.high:.3g})'


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
    quartiles = statistics.quantiles(times, n=4) if repeats > 1 else [times[0]] * 3
    return Timing(statistics.median(times), quartiles[0], quartiles[2], repeats)


def synchronize(device: str) -> None:
    """Wait until the device has done all that was asked of it."""
    kind = torch.device(device).type
    if kind == 'cuda':
        torch.cuda.synchronize(device)
    elif kind == 'mps':
        torch.mps.synchronize()


def machine(device: str) -> dict:
    """What a figure depends on: processor, device, threads, versions and commit."""
    name = torch.cuda.get_device_name(device) if torch.device(device).type == 'cuda' else _processor()
    git = subprocess.run(['git', 'describe', '--always', '--dirty'], cwd=ROOT, capture_output=True, text=True)
    return dict(
        device=name,
        cpu=_processor(),
        cores=os.cpu_count(),
        threads=torch.get_num_threads(),
        load_average=round(os.getloadavg()[0], 1) if hasattr(os, 'getloadavg') else None,
        system=platform.platform(),
        python=platform.python_version(),
        torch=torch.__version__,
        numpy=np.__version__,
        opencv=cv2.__version__,
        commit=git.stdout.strip() or None,
    )


def _processor() -> str:
    info = Path('/proc/cpuinfo')
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(':', 1)[1].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.processor() or platform.machine()


def report(rows: Sequence[dict], *, device: str, out: str | None) -> None:
    """Print ``rows`` (equal keys) as a table below a line on the machine; write both as json if ``out`` is given."""
    record = machine(device)
    print(
        f'{record["device"]}, {record["threads"]} of {record["cores"]} CPU cores, load {record["load_average"]}, '
        f'torch {record["torch"]}, commit {record["commit"]}'
    )
    header = list(rows[0])
    lines = [header, *([str(row[key]) for key in header] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    for line in lines:
        print('  '.join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
    if out:
        results = [{k: v._asdict() if isinstance(v, Timing) else v for k, v in row.items()} for row in rows]
        Path(out).write_text(json.dumps(dict(machine=record, results=results), indent=2) + '\n')
