"""Training and decoding beside another busy program, with threads that spin while they wait and threads that sleep.

    python tools/benchmarks/busy_machine.py
    python tools/benchmarks/busy_machine.py --busy 2 --threads 1 2 4 --seconds 10 --out busy_machine.json

"training": steps of the demo's network on crops of 64x48, 8 people each. "decoding": DARK on the heatmaps of 64 people.
"alone": milliseconds a call where nothing else runs; "beside": beside ``--busy`` programs that do nothing but
compute. "slower": beside over alone. With as many threads as cores, 2 is what sharing a core costs at least.
"waiting": "spinning" is what OpenMP does by itself, "as here" what ``mmpose_dark.utils.threads`` makes of it,
"sleeping" at once (``OMP_WAIT_POLICY=PASSIVE``), and "spinning N" N turns, then sleep (see ``--spin-counts``).
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _bench import check_out, report, timing_of

WORKS = ('training', 'decoding')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--repeat', type=int, default=3, help='rounds (default: 3)')
    parser.add_argument('--seconds', type=float, default=3.0, help='of each measurement in a round (default: 3)')
    parser.add_argument('--busy', type=int, default=1, help='other programs (default: 1)')
    parser.add_argument('--threads', type=int, nargs='+', default=[os.cpu_count() or 1], help='(default: all cores)')
    parser.add_argument('--spin-counts', type=int, nargs='*', default=[1000], help='(default: none)')
    parser.add_argument('--only', nargs='+', choices=WORKS, default=WORKS, help='default: all')
    parser.add_argument('--measure', choices=WORKS, help=argparse.SUPPRESS)
    parser.add_argument('--out', help='write the values and the machine to this json file')
    return parser.parse_args()


# Before torch is loaded: a help text does not wait for it.
ARGS = parse_args() if __name__ == '__main__' else argparse.Namespace()

import torch

from mmpose_dark.utils.threads import THREAD_POLICY

CONFIG = 'configs/demo/people_dark_192x144.py'
PEOPLE = dict(training=8, decoding=64)


def training() -> Callable[[], object]:
    """Return a training step of a small network."""
    from train_step import Crops, Variant, build, step_of

    from mmpose_dark.config import load_config
    from mmpose_dark.datasets import pose_collate

    sizes = dict(input_size=(48, 64), heatmap_size=(12, 16))
    cfg = load_config(CONFIG, {f'{at}.{k}': v for at in ('codec', 'model.head.decoder') for k, v in sizes.items()})
    crops = Crops(cfg.codec, 17, with_targets=False, count=PEOPLE['training'])
    batch = pose_collate([crops[i] for i in range(PEOPLE['training'])])
    return step_of(*build(cfg, 'cpu', Variant()), batch)


def decoding() -> Callable[[], object]:
    """Return the decoding of a batch of heatmaps."""
    from mmpose_dark.codecs import MSRAHeatmap

    codec = MSRAHeatmap(input_size=(192, 256), heatmap_size=(48, 64), sigma=2, unbiased=True)
    torch.manual_seed(0)
    points = torch.rand(PEOPLE['decoding'], 17, 2) * torch.tensor([192, 256])
    heatmaps, _ = codec.batch_encode(points, torch.ones(points.shape[:2]))
    return lambda: codec.batch_decode(heatmaps)


def times_of(work: Callable[[], object], seconds: float) -> list[float]:
    """Call ``work`` for some seconds, after a third as many unmeasured ones; return the milliseconds of each call."""
    times: list[float] = []
    start = time.perf_counter()
    while (now := time.perf_counter()) - start < 4 / 3 * seconds or not times:
        work()
        if now - start >= seconds / 3:
            times.append(1e3 * (time.perf_counter() - now))
    return times


def measured(work: str, threads: int, waiting: str, seconds: float) -> list[float]:
    """Run ``work`` in a process of its own, as OpenMP reads its settings once; return the milliseconds of each call."""
    environment = {k: v for k, v in os.environ.items() if k not in THREAD_POLICY}
    count = waiting.removeprefix('spinning').strip()
    known = {'as here': THREAD_POLICY, 'sleeping': dict(OMP_WAIT_POLICY='PASSIVE')}
    environment |= known.get(waiting, dict(GOMP_SPINCOUNT=count) if count else {})
    command = [sys.executable, __file__, '--measure', work, '--threads', str(threads), '--seconds', str(seconds)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f'{work} failed:\n{done.stderr}')
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def busy_programs(count: int) -> Iterator[None]:
    """Keep ``count`` processes computing inside the ``with`` block."""
    programs = [subprocess.Popen([sys.executable, '-c', 'while True: pass']) for _ in range(count)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def run(args: argparse.Namespace) -> Iterator[dict]:
    """Measure every work; what is compared takes turns, so that other programs disturb all alike."""
    ways = ('spinning', *(f'spinning {count}' for count in args.spin_counts), 'sleeping', 'as here')
    for work in args.only:
        for threads in args.threads:
            found: dict[tuple[str, int], list[float]] = {}
            for _ in range(args.repeat):
                for busy in (0, args.busy):
                    with busy_programs(busy):
                        for waiting in ways:
                            print(f'{work}: {threads} threads, {waiting}, {busy} busy', file=sys.stderr, flush=True)
                            times = measured(work, threads, waiting, args.seconds)
                            found.setdefault((waiting, busy), []).extend(times)
            for waiting in ways:
                alone, beside = (timing_of(found[waiting, busy]) for busy in (0, args.busy))
                yield {
                    'work': work,
                    'threads': threads,
                    'waiting': waiting,
                    'alone': alone,
                    'beside': beside,
                    'slower': round(beside.median / alone.median, 2),
                    'people/s alone': round(1e3 * PEOPLE[work] / alone.median, 1),
                    'people/s beside': round(1e3 * PEOPLE[work] / beside.median, 1),
                }


def main(args: argparse.Namespace) -> None:
    """Parse the arguments; measure one work, or start the processes that do and print the table."""
    check_out(args.out)
    if args.measure:
        torch.set_num_threads(args.threads[0])
        print(json.dumps(times_of(dict(training=training, decoding=decoding)[args.measure](), args.seconds)))
        return
    report(list(run(args)), device='cpu', out=args.out)


if __name__ == '__main__':
    main(ARGS)
