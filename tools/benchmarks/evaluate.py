"""How long an evaluation the size of COCO's validation set takes, against xtcocotools.

    python tools/benchmarks/evaluate.py
    python tools/benchmarks/evaluate.py --images 500 --repeat 5 --out evaluate.json

Generates ground truth and detections from a seed, evaluates them through ``CocoMetric`` (building the metric, taking
in every sample, reading the ground truth, matching) without suppression and with OKS-NMS, and through xtcocotools
where it is installed, and prints medians, spread and ratios. The figures of both are compared.
"""

import argparse
import contextlib
import io
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mmpose_dark.evaluation.functional import COCO_SIGMAS
from mmpose_dark.evaluation.metrics import CocoMetric

NUM_KEYPOINTS = 17


def make_data(num_images: int, seed: int) -> tuple[dict, list[dict]]:
    """COCO-style ground truth, and detections as samples: several of each person and some of nobody."""
    rng = np.random.default_rng(seed)
    images = [dict(id=i + 1, width=640, height=480, file_name=f'{i}.jpg') for i in range(num_images)]
    annotations: list[dict] = []
    samples: list[dict] = []

    def detect(image_id: int, xy: np.ndarray, score: float, size: np.ndarray) -> None:
        pred = dict(keypoints=xy[None], keypoint_scores=rng.random((1, NUM_KEYPOINTS)))
        gt = dict(bbox_scales=size[None], bbox_scores=np.array([score]))
        samples.append(dict(id=len(samples), img_id=image_id, gt_instances=gt, pred_instances=pred))

    for image in images:
        for _ in range(rng.poisson(2.3)):
            size = rng.uniform(30, 250, 2)
            corner = rng.uniform(0, (640, 480) - size)
            visible = rng.integers(0, 3, NUM_KEYPOINTS)
            xy = corner + rng.random((NUM_KEYPOINTS, 2)) * size
            keypoints = np.c_[xy * (visible > 0)[:, None], visible]
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=image['id'],
                    category_id=1,
                    bbox=[*corner.tolist(), *size.tolist()],
                    area=float(size.prod() / 2),
                    iscrowd=int(rng.random() < 0.02),
                    num_keypoints=int((visible > 0).sum()),
                    keypoints=keypoints.flatten().tolist(),
                )
            )
            for _ in range(rng.integers(1, 8)):
                detect(image['id'], xy + rng.normal(0, rng.uniform(1, 12), xy.shape), rng.random(), size)
        for _ in range(rng.integers(2, 14)):
            xy = rng.random((NUM_KEYPOINTS, 2)) * (640, 480)
            detect(image['id'], xy, 0.3 * rng.random(), rng.uniform(30, 250, 2))
    return dict(images=images, annotations=annotations, categories=[dict(id=1, name='person')]), samples


def run_metric(ann_file: str, samples: list[dict], **settings: Any) -> float:
    """AP through the metric, all included."""
    metric = CocoMetric(ann_file, **settings)
    metric.dataset_meta = dict(dataset_name='coco', sigmas=np.array(COCO_SIGMAS))
    metric.process({}, samples)
    return metric.evaluate(len(samples))['coco/AP']


def run_xtcocotools(ann_file: str, results: str) -> float:
    """AP through xtcocotools, as its users run it."""
    from xtcocotools.coco import COCO
    from xtcocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        gt = COCO(ann_file)
        run = COCOeval(gt, gt.loadRes(results), 'keypoints', np.array(COCO_SIGMAS))
        run.evaluate()
        run.accumulate()
        run.summarize()
    return float(run.stats[0])


def timed(function: Callable[[], float], repeat: int) -> dict[str, float]:
    """Figure and seconds: the first run, and median and range of the others."""
    seconds = []
    for _ in range(repeat + 1):
        start = time.perf_counter()
        figure = function()
        seconds.append(time.perf_counter() - start)
    rest = seconds[1:] or seconds
    return dict(AP=figure, first=seconds[0], median=statistics.median(rest), least=min(rest), most=max(rest))


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--images', type=int, default=5000, help='number of pictures (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--repeat', type=int, default=3, help='timed runs after the first (default: %(default)s)')
    parser.add_argument('--out', help='also write the measurements to this json file')
    args = parser.parse_args()
    data, samples = make_data(args.images, args.seed)
    rows: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        ann_file, results = os.path.join(folder, 'gt.json'), os.path.join(folder, 'dt.keypoints.json')
        Path(ann_file).write_text(json.dumps(data))
        plain = dict(nms_mode='none', score_mode='bbox')
        rows['CocoMetric'] = timed(lambda: run_metric(ann_file, samples, **plain), args.repeat)
        rows['CocoMetric, OKS-NMS'] = timed(lambda: run_metric(ann_file, samples, score_mode='bbox'), args.repeat)
        run_metric(ann_file, samples, outfile_prefix=os.path.join(folder, 'dt'), **plain)
        try:
            rows['xtcocotools'] = timed(lambda: run_xtcocotools(ann_file, results), 0)
        except ImportError as err:
            print(f'xtcocotools is not installed ({err}): no comparison')
    print(f'{len(samples)} detections, {len(data["annotations"])} people, {args.images} pictures')
    print(f'{"":22}{"AP":>9}{"first run":>12}{"median":>10}{"range":>18}{"faster":>9}')
    slow = rows.get('xtcocotools', {}).get('median')
    for name, r in rows.items():
        faster = f'{slow / r["median"]:.1f}x' if slow else ''
        spread = f'{r["least"]:.2f} to {r["most"]:.2f} s'
        print(f'{name:22}{r["AP"]:9.6f}{r["first"]:10.2f} s{r["median"]:8.2f} s{spread:>18}{faster:>9}')
    if slow and abs(rows['xtcocotools']['AP'] - rows['CocoMetric']['AP']) > 1e-6:
        sys.exit('the figures differ')
    if args.out:
        commit = subprocess.run(
            ['git', 'rev-parse', 'HEAD'], capture_output=True, text=True, check=False
        ).stdout.strip()
        machine = dict(machine=platform.machine(), cpus=os.cpu_count(), python=platform.python_version())
        report = dict(detections=len(samples), seconds=rows, commit=commit, **machine)
        Path(args.out).write_text(json.dumps(report, indent=2))


if __name__ == '__main__':
    main()
