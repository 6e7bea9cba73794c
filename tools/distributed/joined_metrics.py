#!/usr/bin/env python
"""Memory of joining the predictions of two processes, as a multiple of the predictions' own bytes.

Each process keeps the predictions of half of the people as a test would, in batches of 64; then the metric joins them
in the first process. The peak of resident memory of each process while it does so, over what it had before, is divided
by the bytes of all predictions. What is joined is compared, to the bit, with what one process has.
"""

import argparse
import hashlib
import json
import os
import pathlib
import sys
import tempfile
import time
from collections.abc import Iterator

from _memory import forget_peak, peak, resident

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

BATCH = 64
WORLD = 2


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--people', type=int, nargs='+', default=[84_000], help='of both processes together')
    parser.add_argument('--keypoints', type=int, nargs='+', default=[17, 133])
    parser.add_argument('--out', help='write the figures to this .json file')
    return parser.parse_args()


def main() -> None:
    """Measure each size in two new processes."""
    args = parse_args()
    import torch.multiprocessing as mp

    rows = []
    for people in args.people:
        for keypoints in args.keypoints:
            with tempfile.TemporaryDirectory() as folder:
                mp.spawn(measure, (folder, people, keypoints), nprocs=WORLD)
                found = [json.loads(pathlib.Path(folder, f'{rank}.json').read_text()) for rank in range(WORLD)]
            data = sum(row['bytes'] for row in found)
            row = dict(people=people, keypoints=keypoints, megabytes=round(data / 1e6, 1), seconds=found[0]['seconds'])
            row |= {f'rank_{rank}_peak': round(found[rank]['peak'] / data, 2) for rank in range(WORLD)}
            row['same_as_one_process'] = found[0]['hash'] == hash_of_one(people, keypoints)
            rows.append(row)
            print(json.dumps(row), flush=True)
    if args.out:
        pathlib.Path(args.out).write_text(json.dumps(rows, indent=2) + '\n')


def measure(rank: int, folder: str, people: int, keypoints: int) -> None:
    """One process: fill, join, and write what that took."""
    import torch.distributed as dist

    dist.init_process_group('gloo', init_method=f'file://{folder}/meeting', rank=rank, world_size=WORLD)
    metric = joining_metric()
    half = people // WORLD
    fill(metric, range(0, half) if rank == 0 else range(half, people), keypoints)
    size = sum(column.nbytes for table in metric.results for column in table.values())
    dist.barrier()
    forget_peak()
    before, started = resident(), time.perf_counter()
    values = metric.evaluate(people)
    row = dict(bytes=size, peak=peak() - before, seconds=round(time.perf_counter() - started, 2))
    row['hash'] = values['joined/hash']
    pathlib.Path(folder, f'{rank}.json').write_text(json.dumps(row))
    dist.destroy_process_group()


def hash_of_one(people: int, keypoints: int) -> str:
    """Return the hash of the columns that one process has."""
    metric = joining_metric()
    fill(metric, range(people), keypoints)
    return metric.evaluate(people)['joined/hash']


def joining_metric() -> object:
    """Return the metric of COCO that joins, and gives a hash of what it would evaluate."""
    from mmpose_dark.evaluation.metrics import CocoMetric
    from mmpose_dark.evaluation.metrics.tables import NUM_SAMPLES

    class Joining(CocoMetric):
        def compute(self, table: dict) -> dict:
            found = hashlib.sha256()
            for name in sorted(name for name in table if name != NUM_SAMPLES):  # which is one of each batch
                found.update(name.encode())
                found.update(table[name].data)
            return {'hash': found.hexdigest()}

    return Joining(format_only=True, outfile_prefix=os.devnull, prefix='joined')


def fill(metric: object, numbers: range, keypoints: int) -> None:
    """Let the metric process the people of these numbers."""
    for first in range(numbers.start, numbers.stop, BATCH):
        metric.process({}, list(samples(range(first, min(first + BATCH, numbers.stop)), keypoints)))


def samples(numbers: range, keypoints: int) -> Iterator[dict]:
    """Give people as a network predicts them, in image pixels; some eight an image."""
    import numpy as np

    for i in numbers:
        rng = np.random.default_rng(i)
        xy = rng.uniform(0, 640, (1, keypoints, 2)).astype(np.float32)
        scores = rng.uniform(0, 1, (1, keypoints)).astype(np.float32)
        predicted = dict(keypoints=xy, keypoint_scores=scores, bbox_scores=np.ones(1, np.float32))
        yield dict(id=i, img_id=i // 8, category_id=1, gt_instances={}, pred_instances=predicted)


if __name__ == '__main__':
    main()
