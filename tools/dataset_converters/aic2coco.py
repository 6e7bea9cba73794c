#!/usr/bin/env python
"""AI Challenger: from the authors' keypoint_*_annotations_*.json to COCO-style json."""

import argparse
import os.path as osp
import sys
from pathlib import Path

sys.path.insert(0, osp.dirname(osp.abspath(__file__)))

import numpy as np
from converter_tools import (
    AnnotationError,
    coco_content,
    image_sizes,
    person,
    refuse_to_overwrite,
    user_errors,
    write_files,
)

from mmpose_dark.annotations import finite_numbers, read_json
from mmpose_dark.keypoint_sets import parse_pose_metainfo

EPILOG = """
example:
  cd data/aic/ai_challenger_keypoint_validation_20170911
  python tools/dataset_converters/aic2coco.py keypoint_validation_annotations_20170911.json \\
      keypoint_validation_images_20170911 ../annotations/aic_val.json

The authors' visibility is 1 visible, 2 hidden, 3 not labelled; COCO's is 2, 1, 0. No area is written: it is not
annotated, and evaluation takes 0.53 of the box (use_area=False).
"""
VISIBILITY = {1: 2, 2: 1, 3: 0}
NUM_KEYPOINTS = 14


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('annotations', help="the authors' json")
    parser.add_argument('images', help='folder of the images')
    parser.add_argument('out', help='json file to write')
    parser.add_argument('--workers', type=int, default=4, help='images read at a time (%(default)s)')
    parser.add_argument('--force', action='store_true', help='replace a file that is there')
    return parser.parse_args(arguments)


def convert(records: object, file: str, folder: str, *, workers: int) -> tuple[list[dict], list[dict]]:
    """Return images and annotations.

    Args:
        records: of the authors' file: image_id, human_annotations (corners of a box by person) and
            keypoint_annotations (14 triplets by person).
        file: their file, for messages.
        folder: of the images.
        workers: images read at a time.

    Raises:
        AnnotationError: a record is not of this form, or an image cannot be read.
    """
    if not isinstance(records, list) or not all(isinstance(r, dict) and 'image_id' in r for r in records):
        raise AnnotationError(f'{file!r} holds no list of records with image_id; is it COCO-style already?')
    paths = [str(Path(folder) / f'{record["image_id"]}.jpg') for record in records]
    sizes = image_sizes(paths, workers=workers)
    images, annotations = [], []
    for number, (record, path) in enumerate(zip(records, paths, strict=True), 1):
        width, height = sizes[path]
        images.append(dict(id=number, file_name=Path(path).name, width=width, height=height))
        boxes, points = record.get('human_annotations', {}), record.get('keypoint_annotations', {})
        for name in sorted(boxes, key=lambda n: (len(n), n)):
            where = f'{file!r}: image {record["image_id"]}, {name}'
            if name not in points:
                raise AnnotationError(f'{where} has a box and no keypoints')
            corners, keypoints = _numbers(boxes[name], 4, where), _numbers(points[name], 3 * NUM_KEYPOINTS, where)
            keypoints = keypoints.reshape(NUM_KEYPOINTS, 3)
            unknown = set(keypoints[:, 2].tolist()) - set(VISIBILITY)
            if unknown:
                raise AnnotationError(f'{where} has the visibility {unknown.pop():g}; 1, 2 or 3 are known')
            keypoints[:, 2] = [VISIBILITY[int(v)] for v in keypoints[:, 2]]
            box = [*corners[:2], *(corners[2:] - corners[:2])]
            annotation = person(len(annotations) + 1, number, box, keypoints)
            del annotation['area']
            annotations.append(annotation)
    return images, annotations


def _numbers(values: object, count: int, where: str) -> np.ndarray:
    if not isinstance(values, list) or len(values) != count:
        raise AnnotationError(f'{where}: {str(values)[:60]} are not {count} numbers')
    return finite_numbers(values, where).astype(float)


def main(arguments: list[str] | None = None) -> None:
    """Convert."""
    args = parse_args(arguments)
    refuse_to_overwrite([args.out], force=args.force, inputs=[args.annotations])
    records = read_json(args.annotations)
    images, annotations = convert(records, args.annotations, args.images, workers=args.workers)
    names = parse_pose_metainfo(dict(from_file='aic'))['keypoint_id2name'].values()
    write_files({args.out: coco_content(images, annotations, list(names), description='AI Challenger 2017')})
    print(f'{args.out}: {len(annotations)} people on {len(images)} images')


if __name__ == '__main__':
    with user_errors('aic2coco.py'):
        main()
