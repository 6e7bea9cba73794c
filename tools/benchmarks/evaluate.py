"""How long an evaluation the size of COCO's validation set takes, against xtcocotools.

    python tools/benchmarks/evaluate.py
    python tools/benchmarks/evaluate.py --images 500 --repeat 5 --out evaluate.json

Generates ground truth and detections from a seed, evaluates them through ``CocoMetric`` (building the metric, taking
in every sample, reading the ground truth, matching) without suppression and with OKS-NMS, and through xtcocotools
where it is installed (`make xtcocotools`), and prints medians, spread and ratios. The metrics of both are compared.
"part" rows say where the metric's time goes. The last row but one is what Python's json reader and NumPy need to read
the file and to join the samples' arrays, and nothing else; with msgspec installed the metric may take less.
"""

import argparse
import contextlib
import importlib
import io
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _bench import Timing, check_out, make_parser, measure, report, timing_of


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__, repeat=3, repeated='runs, after one to warm up')
    parser.add_argument('--images', type=int, default=5000, help='number of images (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0)
    return parser.parse_args()


# Before torch is loaded: a help text does not wait for it.
ARGS = parse_args() if __name__ == '__main__' else argparse.Namespace()

import numpy as np

from mmpose_dark.evaluation.functional import COCO_SIGMAS
from mmpose_dark.evaluation.metrics import CocoMetric

NUM_KEYPOINTS = 17


def make_data(num_images: int, seed: int) -> tuple[dict, list[dict]]:
    """COCO-style ground truth, and detections as samples: several of each person and some of nobody.

    >>> data, samples = make_data(2, seed=0)
    >>> len(data['images']), samples[0]['pred_instances']['keypoints'].shape
    (2, (1, 17, 2))
    """
    rng = np.random.default_rng(seed)
    images = [dict(id=i + 1, width=640, height=480, file_name=f'{i}.jpg') for i in range(num_images)]
    annotations: list[dict] = []
    samples: list[dict] = []

    def detect(image_id: int, xy: np.ndarray, score: float, size: np.ndarray) -> None:
        """Add a detection with keypoints (17, 2) in a box of a size (2,)."""
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


def make_metric(ann_file: str, **settings: str) -> CocoMetric:
    """A metric that is ready for samples."""
    metric = CocoMetric(ann_file, **settings)
    metric.dataset_meta = dict(dataset_name='coco', sigmas=np.array(COCO_SIGMAS))
    return metric


def run_metric(ann_file: str, samples: list[dict], **settings: str) -> float:
    """AP through the metric, all included."""
    metric = make_metric(ann_file, **settings)
    metric.process({}, samples)
    return metric.evaluate(len(samples))['coco/AP']


def time_parts(ann_file: str, samples: list[dict], repeats: int, **settings: str) -> dict[str, Timing]:
    """Where the metric's time goes: the annotation file, arrays of the samples, the rest."""
    times: list[list[float]] = []
    for _ in range(1 + repeats):
        clock = [time.perf_counter()]
        metric = make_metric(ann_file, **settings)
        metric.ground_truth  # noqa: B018 - reads the file
        clock.append(time.perf_counter())
        metric.process({}, samples)
        clock.append(time.perf_counter())
        metric.evaluate(len(samples))
        clock.append(time.perf_counter())
        times.append([1e3 * (after - before) for before, after in itertools.pairwise(clock)])
    names = ('part: annotation file', 'part: samples to arrays', 'part: matching and metrics')
    return {name: timing_of(part) for name, part in zip(names, zip(*times[1:], strict=True), strict=True)}


def run_reading(ann_file: str, samples: list[dict]) -> None:
    """Read the file and join the samples' arrays, and nothing else."""
    json.loads(Path(ann_file).read_bytes())
    for name in ('keypoints', 'keypoint_scores'):
        np.concatenate([sample['pred_instances'][name] for sample in samples])


def missing_baseline() -> str:
    """Return why xtcocotools cannot be imported, nothing where it can."""
    try:
        for name in ('coco', 'cocoeval'):
            importlib.import_module(f'xtcocotools.{name}')
    except (ImportError, ValueError) as err:  # ValueError: its wheel was compiled for NumPy 1
        return str(err)
    return ''


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


def main(args: argparse.Namespace) -> None:
    """Measure and report."""
    check_out(args.out)
    data, samples = make_data(args.images, args.seed)
    notes = [f'{len(samples):,} detections, {len(data["annotations"]):,} people, {args.images:,} images.']
    values: dict[str, float] = {}
    timings: dict[str, Timing] = {}

    def run(name: str, function: Callable[[], float], repeats: int, warm_up: int) -> None:
        print(f'{name}: {warm_up + repeats} runs ...', flush=True)

        def call() -> None:
            values[name] = function()

        timings[name] = measure(call, repeats=repeats, warm_up=warm_up)

    with tempfile.TemporaryDirectory() as folder:
        ann_file, results = os.path.join(folder, 'gt.json'), os.path.join(folder, 'dt.keypoints.json')
        Path(ann_file).write_text(json.dumps(data))
        plain = dict(nms_mode='none', score_mode='bbox')
        run('CocoMetric', lambda: run_metric(ann_file, samples, **plain), args.repeat, 1)
        run('with hotcoco', lambda: run_metric(ann_file, samples, engine='hotcoco', **plain), args.repeat, 1)
        run('with OKS-NMS', lambda: run_metric(ann_file, samples, score_mode='bbox'), args.repeat, 1)
        timings |= time_parts(ann_file, samples, args.repeat, **plain)
        timings['only json.loads and np.concatenate'] = measure(
            lambda: run_reading(ann_file, samples), repeats=args.repeat, warm_up=1
        )
        run_metric(ann_file, samples, outfile_prefix=os.path.join(folder, 'dt'), **plain)
        missing = missing_baseline()
        if missing:
            notes.append(f'xtcocotools, the baseline, could not be imported here ({missing}), so there are no ratios.')
        else:
            run('xtcocotools', lambda: run_xtcocotools(ann_file, results), min(args.repeat, 3), 0)
    slow = timings.get('xtcocotools')
    rows = [
        dict(
            program=name,
            AP=round(values[name], 6) if name in values else '-',
            time=t,
            speedup=round(slow.median / t.median, 1) if slow and name in values else '-',
        )
        for name, t in timings.items()
    ]
    report(rows, device='cpu', out=args.out, notes=notes)
    if slow and abs(values['xtcocotools'] - values['CocoMetric']) > 1e-6:
        sys.exit(f'AP differs: {values["CocoMetric"]} here, {values["xtcocotools"]} by xtcocotools')


if __name__ == '__main__':
    main(ARGS)
