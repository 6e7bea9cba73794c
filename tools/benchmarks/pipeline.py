"""How long a training sample takes, against nothing but decoding its JPEG and warping it.

    python tools/benchmarks/pipeline.py
    python tools/benchmarks/pipeline.py --data data/people/annotations/val.json --images data/people/images
    python tools/benchmarks/pipeline.py --repeat 20 --out pipeline.json

Without ``--data`` it draws people on pictures of 640 x 480 first. "apart": people of one image never follow each
other, as in shuffled training; "in a row": they do, as in testing, and share the decoding of their image. One
thread; a quiet machine is needed for figures worth keeping.
"""

import argparse
import contextlib
import io
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _bench import Timing, report

from mmpose_dark.datasets import PoseDataset, SampleKey
from mmpose_dark.registry import DATASETS
from mmpose_dark.synthetic import PeopleSettings, prepare_dataset

# type of data set, network input (width, height)
CASES = [('CocoDataset', (192, 256)), ('CocoWholeBodyDataset', (288, 384))]


def pipeline(input_size: tuple[int, int]) -> list[dict]:
    """The training pipeline of the recipes."""
    return [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='RandomFlip', direction='horizontal'),
        dict(type='RandomHalfBody'),
        dict(type='RandomBBoxTransform'),
        dict(type='TopdownAffine', input_size=input_size),
        dict(type='PackPoseInputs'),
    ]


def add_whole_body(ann_file: str, folder: str) -> str:
    """Write annotations with feet, face and hands too, at random places in the box where there are none."""
    content = json.loads(Path(ann_file).read_text())
    rng = np.random.default_rng(0)
    for person in content['annotations']:
        x, y, w, h = person['bbox']
        for part, count in (('foot', 6), ('face', 68), ('lefthand', 21), ('righthand', 21)):
            points = np.c_[x + w * rng.random(count), y + h * rng.random(count), np.full(count, 2)]
            person.setdefault(f'{part}_kpts', points.flatten().tolist())
    path = Path(folder) / 'whole_body.json'
    path.write_text(json.dumps(content))
    return str(path)


def orders(dataset: PoseDataset) -> dict[str, list[int]]:
    """Indices with the people of one image apart, and in a row."""
    seen: Counter[str] = Counter()
    rank = []
    for i in range(len(dataset)):
        path = dataset.get_data_info(i)['img_path']
        rank.append(seen[path])
        seen[path] += 1
    return {'apart': sorted(range(len(dataset)), key=lambda i: rank[i]), 'in a row': list(range(len(dataset)))}


def spread(seconds: Sequence[float], count: int) -> Timing:
    """Milliseconds a sample."""
    ms = 1e3 * np.array(seconds) / count
    return Timing(float(np.median(ms)), float(np.quantile(ms, 0.25)), float(np.quantile(ms, 0.75)), len(ms))


def run(
    dataset: PoseDataset, order: list[int], input_size: tuple[int, int], repeats: int
) -> tuple[Timing, Timing, float]:
    """Time decode and warp, and whole samples, one sample after the other in turn.

    Returns:
        Both timings, and the ratio of the sums over samples of the least time of each, which other programs on the
        machine disturb least.
    """
    contents = [Path(dataset.get_data_info(i)['img_path']).read_bytes() for i in order]
    matrix = np.array([[0.5, 0.1, 3], [-0.1, 0.5, 5]])
    seconds = np.zeros((2, repeats, len(order)))
    for repeat in range(-1, repeats):  # the first is warm-up
        for n, (index, content) in enumerate(zip(order, contents, strict=True)):
            start = time.perf_counter()
            image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
            cv2.warpAffine(image, matrix, input_size)
            middle = time.perf_counter()
            dataset[SampleKey(index, max(repeat, 0))]
            seconds[:, repeat, n] = middle - start, time.perf_counter() - middle
    least = seconds.min(axis=1).sum(axis=1)
    return *(spread(s.sum(axis=1), len(order)) for s in seconds), float(least[1] / least[0])


def main() -> None:
    """Parse the arguments, measure every case, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', help='COCO annotation file (default: draws pictures)')
    parser.add_argument('--images', help='folder of its images')
    parser.add_argument('--people', type=int, default=64, help='samples at most (default: 64)')
    parser.add_argument('--repeat', type=int, default=9, help='measured passes (default: 9)')
    parser.add_argument('--out', help='write the figures and the machine to this json file')
    args = parser.parse_args()
    if bool(args.data) != bool(args.images):
        parser.error('--data and --images go together')
    cv2.setNumThreads(1)
    torch.set_num_threads(1)

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        if not args.data:
            settings = PeopleSettings(train=max(4, args.people // 2), val=1, width=640, height=480)
            with contextlib.redirect_stdout(io.StringIO()):
                prepare_dataset(folder, settings)
            args.data, args.images = f'{folder}/annotations/train.json', f'{folder}/images'
        for kind, input_size in CASES:
            ann_file = args.data if kind == 'CocoDataset' else add_whole_body(args.data, folder)
            dataset = DATASETS.build(
                dict(
                    type=kind,
                    ann_file=ann_file,
                    data_prefix=dict(img=args.images),
                    indices=args.people,
                    pipeline=pipeline(input_size),
                )
            )
            for name, order in orders(dataset).items():
                floor, sample, ratio = run(dataset, order, input_size, args.repeat)
                rows.append(
                    {
                        'input': f'{input_size[1]}x{input_size[0]}',
                        'keypoints': dataset.metainfo['num_keypoints'],
                        'people of an image': name,
                        'samples': len(dataset),
                        'decode + warp': floor,
                        'sample': sample,
                        'ratio': round(sample.median / floor.median, 2),
                        'ratio of least': round(ratio, 2),
                    }
                )
    report(rows, device='cpu', out=args.out)


if __name__ == '__main__':
    main()
