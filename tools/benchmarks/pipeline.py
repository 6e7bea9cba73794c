"""How long a training sample takes, against nothing but decoding its JPEG and warping it.

    python tools/benchmarks/pipeline.py
    python tools/benchmarks/pipeline.py --data data/people/annotations/val.json --images data/people/images
    python tools/benchmarks/pipeline.py --repeat 20 --out pipeline.json

Without ``--data`` it draws people first, on images of 640 x 480 and some of 1920 x 1440. "apart": people of one image
never follow each other, as in shuffled training; "in a row": they do, as in testing, and share the decoding of their
image. "files, reduced": LoadImage decodes at 1/2 or less where the person is large enough. "zip", "tar", "lmdb": the
images in one file. Decode + warp is always of the whole image, read beforehand. One thread; a quiet machine is needed
for timings worth keeping.
"""

import argparse
import contextlib
import importlib.util
import io
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _bench import Timing, check_out, make_parser, report, timing_of


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__, repeat=9, repeated='passes')
    parser.add_argument('--data', help='COCO annotation file (default: draws images)')
    parser.add_argument('--images', help='folder of its images')
    parser.add_argument('--people', type=int, default=64, help='samples at most (default: 64)')
    args = parser.parse_args()
    if bool(args.data) != bool(args.images):
        parser.error('--data and --images go together')
    return args


# Before torch is loaded: a help text does not wait for it.
ARGS = parse_args() if __name__ == '__main__' else argparse.Namespace()

import cv2
import numpy as np
import torch

from mmpose_dark.datasets import PoseDataset, SampleKey
from mmpose_dark.datasets.storage.packing import pack_images
from mmpose_dark.registry import DATASETS
from mmpose_dark.synthetic import PeopleSettings, prepare_dataset, write_as_keypoint_set

# definition of the keypoints, network input (width, height)
CASES = [('coco', (192, 256)), ('coco_wholebody', (288, 384))]


def pipeline(input_size: tuple[int, int], **loader: object) -> list[dict]:
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


def orders(dataset: PoseDataset) -> dict[str, list[int]]:
    """Indices with the people of one image apart, and in a row."""
    seen: Counter[str] = Counter()
    rank = []
    for i in range(len(dataset)):
        path = dataset.get_data_info(i)['img_path']
        rank.append(seen[path])
        seen[path] += 1
    return {'apart': sorted(range(len(dataset)), key=lambda i: rank[i]), 'in a row': list(range(len(dataset)))}


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
    floor, sample = (timing_of((1e3 * s.sum(axis=1) / len(order)).tolist()) for s in seconds)
    return floor, sample, float(least[1] / least[0])


def draw(folder: str, *, people: int, width: int, height: int) -> tuple[str, str]:
    """Draw images with people; returns the annotation file and the folder of the images."""
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


class Way(NamedTuple):
    """How samples are read: its name, settings of LoadImage, and the orders of samples to measure."""

    name: str
    loader: dict
    orders: tuple[str, ...] = ('apart',)


def ways(images: str, folder: str, input_size: tuple[int, int], *, reduced: bool, only_reduced: bool) -> list[Way]:
    """Return the ways to measure, reading files first: the baseline of the others."""
    found = [Way('files', {}, ('apart',) if only_reduced else ('apart', 'in a row'))]
    if reduced:
        found.append(Way('files, reduced', dict(reduce_to=input_size)))
    if not only_reduced:
        found += [Way(name, loader) for name, loader in packed(images, folder)]
    return found


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
    """Measure the recipes' pipelines on one dataset.

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
    (body, input_size), (whole_body, large_input) = CASES
    rows = []
    for way in ways(images, folder, input_size, reduced=reduced, only_reduced=only_reduced):
        rows += rows_of(way, ann_file, images, body, input_size, people=people, repeats=repeats)
    if not only_reduced:
        annotations = f'{folder}/{whole_body}.json'
        write_as_keypoint_set(ann_file, dict(from_file=whole_body), annotations)
        files = Way('files', {}, ('apart', 'in a row'))
        rows += rows_of(files, annotations, images, whole_body, large_input, people=people, repeats=repeats)
    return rows


def rows_of(
    way: Way,
    ann_file: str,
    images: str,
    keypoint_set: str,
    input_size: tuple[int, int],
    *,
    people: int,
    repeats: int,
) -> list[dict]:
    """Measure one way to read samples with the keypoints of a definition, and return a row for each order."""
    dataset = DATASETS.build(
        dict(
            type='CocoDataset',
            metainfo=dict(from_file=keypoint_set),
            ann_file=ann_file,
            data_prefix=dict(img=str(Path(images).resolve())),
            indices=people,
            pipeline=pipeline(input_size, **way.loader),
        )
    )
    size = cv2.imread(dataset.get_data_info(0)['img_path']).shape[1::-1]
    rows = []
    for name in way.orders:
        floor, sample, ratio = run(dataset, orders(dataset)[name], input_size, repeats)
        rows.append(
            {
                'input': f'{input_size[1]}x{input_size[0]}',
                'keypoints': dataset.metainfo['num_keypoints'],
                'image size': '{}x{}'.format(*size),
                'read from': way.name,
                'people of an image': name,
                'samples': len(dataset),
                'decode + warp': floor,
                'sample': sample,
                'ratio': round(sample.median / floor.median, 2),
                'ratio of least': round(ratio, 2),
            }
        )
    return rows


def main(args: argparse.Namespace) -> None:
    """Parse the arguments, measure every case, print and write the table."""
    check_out(args.out)
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
    main(ARGS)
