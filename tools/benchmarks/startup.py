"""How long programs take to start: help texts, imports, and one image from the command to the drawing.

    python tools/benchmarks/startup.py
    python tools/benchmarks/startup.py --repeat 21 --out startup.json
    python tools/benchmarks/startup.py --checkout ../another_checkout

Each program is a new process. They run in turn, so that other work on the machine slows all of them alike, and are
compared with ``python -c pass`` (Python alone) and ``python -c "import torch"`` of the same run.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _bench import ROOT, check_out, report, timing_of


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--repeat', type=int, default=11, help='measured starts of each (default: 11)')
    parser.add_argument('--checkout', type=Path, default=ROOT, help='run the programs of this folder instead')
    parser.add_argument('--only', nargs='+', help='only the programs whose name holds one of these words')
    parser.add_argument('--out', help='write the values and the machine to this json file')
    return parser.parse_args()


# Before torch is loaded: a help text does not wait for it.
ARGS = parse_args() if __name__ == '__main__' else argparse.Namespace()

import cv2
import numpy as np

from mmpose_dark.synthetic import draw_scene

PYTHON, TORCH = 'python -c pass', 'python -c "import torch"'
CORE = 'import mmpose_dark.structures.bbox, mmpose_dark.structures.crop, mmpose_dark.keypoint_sets'
SCRIPTS = (
    'tools/train.py',
    'tools/test.py',
    'tools/reproduce.py',
    'tools/misc/check_dataset.py',
    'tools/misc/browse_dataset.py',
    'tools/analysis_tools/profile_step.py',
    'demo/image_demo.py',
)


def programs(checkout: Path, folder: Path) -> dict[str, list[str]]:
    """Return name -> arguments of Python for all that is measured.

    Args:
        checkout: folder whose scripts and package run.
        folder: takes the image and what the demo writes.
    """
    found = {PYTHON: ['-c', 'pass'], TORCH: ['-c', 'import torch']}
    found['import mmpose_dark'] = ['-c', 'import mmpose_dark']
    found['import boxes, crops and keypoint sets'] = ['-c', CORE]
    found['import mmpose_dark.apis'] = ['-c', 'import mmpose_dark.apis']
    found |= {f'{script} --help': [script, '--help'] for script in SCRIPTS}
    if (checkout / 'mmpose_dark' / '__main__.py').is_file():
        found['mmpose-dark --help'] = ['-m', 'mmpose_dark', '--help']
        found['mmpose-dark train --help'] = ['-m', 'mmpose_dark', 'train', '--help']
    weights = next((checkout / 'demo').glob('people_start-*.pth'))
    config = 'configs/demo/people_dark_192x144.py'
    image = str(write_image(folder))
    options = ['--device', 'cpu', '--out-dir', str(folder)]
    found['demo/image_demo.py on one image'] = ['demo/image_demo.py', image, config, str(weights), *options]
    return found


def write_image(folder: Path) -> Path:
    """Draw an image with people and write it."""
    path = folder / 'people.png'
    scene = draw_scene(np.random.default_rng(0), width=640, height=480)
    cv2.imwrite(str(path), scene.image)
    return path


def seconds_of(arguments: list[str], checkout: Path) -> float:
    """Run Python once and return the seconds until it has ended.

    Raises:
        RuntimeError: it failed.
    """
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=checkout,
        env={**os.environ, 'PYTHONPATH': str(checkout)},
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f'python {" ".join(arguments)}: status {done.returncode}\n{done.stderr}')
    return seconds


def main(args: argparse.Namespace) -> None:
    """Parse the arguments, run every program in turn, print and write the table."""
    check_out(args.out)
    checkout = args.checkout.resolve()
    with tempfile.TemporaryDirectory() as folder:
        chosen = {
            name: command
            for name, command in programs(checkout, Path(folder)).items()
            if name in (PYTHON, TORCH) or not args.only or any(word in name for word in args.only)
        }
        times: dict[str, list[float]] = {name: [] for name in chosen}
        for number in range(args.repeat + 1):  # the first round fills the caches of Python and of the disk
            for name, command in chosen.items():
                seconds = seconds_of(command, checkout)
                if number:
                    times[name].append(1e3 * seconds)
    timings = {name: timing_of(values) for name, values in times.items()}
    rows = [
        dict(
            program=name,
            time=timing,
            of_python=f'{timing.median / timings[PYTHON].median:.1f}',
            of_torch=f'{timing.median / timings[TORCH].median:.2f}',
        )
        for name, timing in timings.items()
    ]
    report(rows, device='cpu', out=args.out)


if __name__ == '__main__':
    main(ARGS)
