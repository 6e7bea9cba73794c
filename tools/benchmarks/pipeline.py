"""How long a training sample takes, against nothing but decoding its JPEG and warping it.

    python tools/benchmarks/pipeline.py
    python tools/benchmarks/pipeline.py --data data/people/annotations/val.json --images data/people/images
    python tools/benchmarks/pipeline.py --repeat 20 --out pipeline.json

Without ``--data`` it draws people first, on pictures of 640 x 480 and some of 1920 x 1440. "apart": people of one image
never follow each other, as in shuffled training; "in a row": they do, as in testing, and share the decoding of their
image. "files, reduced": LoadImage decodes at 1/2 or less where the person is large enough. "zip", "tar", "lmdb": the
images in one file. Decode + warp is always of the whole picture, read beforehand. One thread; a quiet machine is needed
for figures worth keeping.
"""

import argparse
import contextlib
import importlib.util
import io
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _bench import Timing, report

from mmpose_dark.datasets import PoseDataset, SampleKey
from mmpose_dark.datasets.storage.packing import pack_images
from mmpose_dark.registry import DATASETS
from mmpose_dark.synthetic import PeopleSettings, prepare_dataset

# type of data set, network input (width, height)
CASES = [('CocoDataset', (192, 256)), ('CocoWholeBodyDataset', (288, 384))]


def pipeline(input_size: tuple[int, int], **loader: Any) -> list[dict]:
    """The training pipeline of the recipes; ``loader`` are settings of LoadImage."""
    return [
        dict(type='LoadImage', **loader),
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


def draw(folder: str, *, people: int, width: int, height: int) -> tuple[str, str]:
    """Draw pictures with people; returns the annotation file and the folder of the images."""
    settings = PeopleSettings(train=max(4, people // 2), val=1, width=width, height=height)
    with contextlib.redirect_stdout(io.StringIO()):
        prepare_dataset(folder, settings)
    return f'{folder}/annotations/train.json', f'{folder}/images'


def packed(images: str, folder: str) -> Iterator[tuple[str, dict]]:
    """Pack the images in every way there is; yields the way's name and LoadImage's settings."""
    for kind in ('zip', 'tar', *(['lmdb'] if importlib.util.find_spec('lmdb') else [])):
        file = pack_images(images, f'{folder}/packed.{kind}').files[0]
        path = {'db_path' if kind == 'lmdb' else 'path': str(file)}
        yield kind, dict(backend_args=dict(backend=kind, root=str(Path(images).resolve().parent), **path))


def compare(
    ann_file: str,
    images: str,
    folder: str,
    people: int,
    repeats: int,
    *,
    reduced: bool = False,
    only_reduced: bool = False,
) -> list[dict]:
    """Measure the recipes' pipelines on one data set.

    Args:
        ann_file: COCO annotations.
        images: folder of its images.
        folder: for files that are needed meanwhile.
        people: samples at most.
        repeats: measured passes.
        reduced: measure reduced decoding too.
        only_reduced: and only it and its baseline.

    Returns:
        Rows of the table.
    """
    rows = []
    for kind, input_size in CASES[: 1 if only_reduced else None]:
        first = kind == CASES[0][0]
        ways = [('files', {}, ('apart',) if only_reduced else ('apart', 'in a row'))]
        if first and reduced:
            ways.append(('files, reduced', dict(reduce_to=input_size), ('apart',)))
        if first and not only_reduced:
            ways += [(name, loader, ('apart',)) for name, loader in packed(images, folder)]
        annotations = ann_file if first else add_whole_body(ann_file, folder)
        for way, loader, wanted in ways:
            dataset = DATASETS.build(
                dict(
                    type=kind,
                    ann_file=annotations,
                    data_prefix=dict(img=str(Path(images).resolve())),
                    indices=people,
                    pipeline=pipeline(input_size, **loader),
                )
            )
            size = cv2.imread(dataset.get_data_info(0)['img_path']).shape[1::-1]
            for name in wanted:
                floor, sample, ratio = run(dataset, orders(dataset)[name], input_size, repeats)
                rows.append(
                    {
                        'input': f'{input_size[1]}x{input_size[0]}',
                        'keypoints': dataset.metainfo['num_keypoints'],
                        'picture': '{}x{}'.format(*size),
                        'read from': way,
                        'people of an image': name,
                        'samples': len(dataset),
                        'decode + warp': floor,
                        'sample': sample,
                        'ratio': round(sample.median / floor.median, 2),
                        'ratio of least': round(ratio, 2),
                    }
                )
    return rows


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

    with tempfile.TemporaryDirectory() as folder:
        if args.data:
            rows = compare(args.data, args.images, folder, args.people, args.repeat, reduced=True)
        else:
            data = draw(f'{folder}/small', people=args.people, width=640, height=480)
            rows = compare(*data, folder, args.people, args.repeat)
            data = draw(f'{folder}/large', people=args.people // 4, width=1920, height=1440)
            rows += compare(*data, folder, args.people // 4, args.repeat, reduced=True, only_reduced=True)
    notes = [] if importlib.util.find_spec('lmdb') else ['LMDB is not measured: the package lmdb is not installed.']
    report(rows, device='cpu', out=args.out, notes=notes)


if __name__ == '__main__':
    main()
