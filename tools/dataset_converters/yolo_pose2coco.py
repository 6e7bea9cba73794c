#!/usr/bin/env python
"""The YOLO-pose format (data.yaml, images/, labels/) to COCO-style keypoints."""

import argparse
import os
import os.path as osp
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, osp.dirname(osp.abspath(__file__)))

import numpy as np
from converter_tools import (
    AnnotationError,
    coco_content,
    image_sizes,
    person,
    refuse_to_overwrite,
    track,
    user_errors,
    write_files,
)
from yolo_format import DataFile, label_path, list_images, parse_line, read_data_file

from mmpose_dark.annotations import AREA_OF_BOX, area_of_box
from mmpose_dark.keypoint_sets import known_definitions, parse_pose_metainfo

EPILOG = """
example:
  python tools/dataset_converters/yolo_pose2coco.py data/mine/data.yaml data/mine/annotations
  writes train.json and val.json (what data.yaml names); file names are relative to the folder of data.yaml, so
  data_root='data/mine/', ann_file='annotations/train.json', data_prefix=dict(img='').

The format has no area; 0.53 of the box is written (--area-of-box), what people cover of theirs on average.
"""


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data', help='data.yaml')
    parser.add_argument('out', help='folder to write to')
    parser.add_argument('--split', nargs='+', choices=('train', 'val', 'test'), help='those to convert (all)')
    parser.add_argument('--person-class', type=int, default=0, help='number of the class that is people (%(default)s)')
    parser.add_argument('--area-of-box', type=float, default=AREA_OF_BOX, help='area over box area (%(default)s)')
    parser.add_argument('--image-root', help="folder that file names are relative to (data.yaml's)")
    parser.add_argument('--workers', type=int, default=4, help='images read at a time (%(default)s)')
    parser.add_argument('--force', action='store_true', help='replace files that are there')
    return parser.parse_args(arguments)


def read_labels(
    image: Path, data: DataFile, skipped: Counter, person_class: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return boxes (4,) and keypoints (K, 3) of the people on an image, relative to it.

    An image without a label file has nobody on it. Lines that are there twice count once.

    Raises:
        AnnotationError: a line is broken.
    """
    path = label_path(image)
    if not path.is_file():
        skipped['images without a label file'] += 1
        return []
    people, seen = [], set()
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        if not line.strip():
            continue
        kind, box, keypoints = parse_line(line, data.num_keypoints, data.dims, f'{path}, line {number}')
        if kind != person_class:
            skipped[f'objects of class {kind} ({data.names.get(kind, "unknown")})'] += 1
        elif line in seen:
            skipped['lines that are there twice'] += 1
        else:
            seen.add(line)
            people.append((box, keypoints))
    return people


def convert(data: DataFile, split: str, root: Path, args: argparse.Namespace) -> tuple[dict, Counter]:
    """Return the COCO content of a split, and what was passed over.

    Raises:
        AnnotationError: labels or images cannot be read, or nobody is there.
    """
    paths = list_images(data.splits[split])
    sizes = image_sizes(paths, workers=args.workers)
    skipped: Counter = Counter()
    images, annotations = [], []
    for number, path in enumerate(track(paths, len(paths), f'label files of {split}'), 1):
        size = np.array(sizes[str(path)], float)
        name = Path(os.path.relpath(path, root)).as_posix()
        images.append(dict(id=number, file_name=name, width=int(size[0]), height=int(size[1])))
        for box, keypoints in read_labels(path, data, skipped, args.person_class):
            center, extent = box[:2] * size, box[2:] * size
            keypoints[:, :2] *= size
            xywh = [*(center - extent / 2), *extent]
            area = area_of_box(extent[0], extent[1], args.area_of_box)
            annotations.append(person(len(annotations) + 1, number, xywh, keypoints, area=area))
    if not annotations:
        listed = ', '.join(f'{n} {what}' for what, n in skipped.items())
        raise AnnotationError(
            f'{data.path!r}: nobody in {split} ({len(paths)} images; {listed or "empty label files"})'
        )
    content = coco_content(
        images, annotations, keypoint_names(data), description=f'from {Path(data.path).name}, {split}'
    )
    return content, skipped


def keypoint_names(data: DataFile) -> list[str]:
    """Return the names of the keypoints: the file's, or those of a definition with the same number and pairs.

    >>> keypoint_names(DataFile('data.yaml', {}, 2, 3, [], {0: 'person'}, []))
    ['keypoint_0', 'keypoint_1']
    """
    if data.keypoint_names:
        return data.keypoint_names
    for name in known_definitions():
        meta = parse_pose_metainfo(dict(from_file=name))
        if meta['num_keypoints'] == data.num_keypoints and list(meta['flip_indices']) == data.flip_idx:
            return list(meta['keypoint_id2name'].values())
    return [f'keypoint_{i}' for i in range(data.num_keypoints)]


def main(arguments: list[str] | None = None) -> None:
    """Convert."""
    args = parse_args(arguments)
    data = read_data_file(args.data)
    splits = args.split or list(data.splits)
    missing = [split for split in splits if split not in data.splits]
    if missing or not splits:
        raise AnnotationError(f'{args.data!r} has no {missing[0] if missing else "train, val or test"}')
    targets = {split: Path(args.out) / f'{split}.json' for split in splits}
    refuse_to_overwrite(targets.values(), force=args.force, inputs=[args.data])
    root = Path(args.image_root).resolve() if args.image_root else Path(args.data).resolve().parent
    files = {}
    for split, target in targets.items():
        files[target], skipped = convert(data, split, root, args)
        print(f'{target}: {len(files[target]["annotations"])} people on {len(files[target]["images"])} images')
        for what, number in skipped.items():
            print(f'  passed over: {number} {what}')
    write_files(files)


if __name__ == '__main__':
    with user_errors('yolo_pose2coco.py'):
        main()
