#!/usr/bin/env python
"""Leeds Sports Pose Extended: from joints.mat and images/ to COCO-style json with AI Challenger's 14 keypoints."""

import argparse
import os.path as osp
import sys
from pathlib import Path

sys.path.insert(0, osp.dirname(osp.abspath(__file__)))

import numpy as np
from converter_tools import (
    AnnotationError,
    coco_content,
    extent_box,
    image_sizes,
    person,
    refuse_to_overwrite,
    user_errors,
    write_files,
)

from mmpose_dark.annotations import read_mat
from mmpose_dark.keypoint_sets import parse_pose_metainfo

EPILOG = """
example (the dataset unpacked to data/lspet):
  python tools/dataset_converters/lspet2coco.py data/lspet/joints.mat data/lspet/images data/lspet/annotations

It writes lspet_train.json and lspet_val.json. A box is the extent of the labelled joints, 15 % and 5 pixels wider on
each side and cut at the image; the area is the box's.
"""
# For each of AI Challenger's keypoints, the place of the joint in joints.mat: right ankle, knee, hip, left hip, knee,
# ankle, right wrist, elbow, shoulder, left shoulder, elbow, wrist, neck, head top.
FROM_LSP = (8, 7, 6, 9, 10, 11, 2, 1, 0, 3, 4, 5, 13, 12)
NUM_JOINTS = 14


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('joints', help='joints.mat')
    parser.add_argument('images', help='folder of im00001.jpg ...')
    parser.add_argument('out', help='folder to write to')
    parser.add_argument('--min-keypoints', type=int, default=8, help='leave people with fewer out (%(default)s)')
    parser.add_argument('--val-share', type=float, default=0.1, help='share of the people in val (%(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of the draw of val (%(default)s)')
    parser.add_argument('--workers', type=int, default=4, help='images read at a time (%(default)s)')
    parser.add_argument('--force', action='store_true', help='replace files that are there')
    args = parser.parse_args(arguments)
    if not 0 <= args.val_share < 1:
        parser.error('--val-share must be at least 0 and below 1')
    return args


def read_joints(path: str) -> np.ndarray:
    """Return the joints of all people in AI Challenger's order: (N, 14, 3) x, y in pixels, 1 where labelled.

    The file's array has joints, coordinates and people as its axes; both orders of the first two occur.

    Raises:
        AnnotationError: it has another shape.
    """
    joints = np.asarray(read_mat(path, 'joints', structs=True)['joints'])
    if joints.ndim == 2:  # of one person
        joints = joints[..., None]
    if joints.ndim != 3 or sorted(joints.shape[:2]) != [3, NUM_JOINTS]:
        raise AnnotationError(f'{path!r}: joints has the shape {joints.shape}, (14, 3, people) is needed')
    people = joints.transpose(2, 0, 1) if joints.shape[0] == NUM_JOINTS else joints.transpose(2, 1, 0)
    people = people[:, FROM_LSP].astype(float)
    people[..., 2] = (people[..., 2] > 0) & np.isfinite(people).all(-1)
    return people


def convert(joints: np.ndarray, folder: str, *, min_keypoints: int, workers: int) -> tuple[list[dict], list[dict]]:
    """Return images and annotations of the people with enough keypoints; person n is on im0000n.jpg (from 1).

    Args:
        joints: (N, 14, 3) see :func:`read_joints`.
        folder: of the images.
        min_keypoints: labelled joints that a person needs.
        workers: images read at a time.

    Raises:
        AnnotationError: an image is missing or cannot be read.
    """
    kept = np.flatnonzero((joints[..., 2] > 0).sum(1) >= max(min_keypoints, 1))
    if not len(kept):
        raise AnnotationError(f'none of {len(joints)} people has {min_keypoints} labelled joints; see --min-keypoints')
    names = [f'im{i + 1:05d}.jpg' for i in kept]
    sizes = image_sizes([Path(folder) / name for name in names], workers=workers)
    images, annotations = [], []
    for i, name in zip(kept.tolist(), names, strict=True):
        width, height = sizes[str(Path(folder) / name)]
        points = joints[i][joints[i, :, 2] > 0, :2]
        box = extent_box(points, share=0.15, pixels=5, size_wh=(width, height))
        images.append(dict(id=i + 1, file_name=name, width=width, height=height))
        annotations.append(person(i + 1, i + 1, box, joints[i], area=box[2] * box[3]))
    return images, annotations


def split(count: int, share: float, seed: int) -> np.ndarray:
    """Return which of ``count`` people are in val: (count,) boolean.

    >>> int(split(10, 0.2, seed=0).sum())
    2
    """
    chosen = np.zeros(count, bool)
    chosen[np.random.default_rng(seed).permutation(count)[: round(share * count)]] = True
    return chosen


def main(arguments: list[str] | None = None) -> None:
    """Convert."""
    args = parse_args(arguments)
    targets = {name: Path(args.out) / f'lspet_{name}.json' for name in ('train', 'val')}
    refuse_to_overwrite(targets.values(), force=args.force, inputs=[args.joints])
    joints = read_joints(args.joints)
    images, annotations = convert(joints, args.images, min_keypoints=args.min_keypoints, workers=args.workers)
    in_val = split(len(images), args.val_share, args.seed)
    names = list(parse_pose_metainfo(dict(from_file='lspet'))['keypoint_id2name'].values())
    files = {}
    for name, chosen in (('train', ~in_val), ('val', in_val)):
        parts = ([record for record, c in zip(records, chosen, strict=True) if c] for records in (images, annotations))
        files[targets[name]] = coco_content(*parts, names, description=f'Leeds Sports Pose Extended, {name}')
        print(f'{targets[name]}: {int(chosen.sum())} people')
    write_files(files)
    print(f'{len(joints) - len(images)} of {len(joints)} people left out: fewer than {args.min_keypoints} joints')


if __name__ == '__main__':
    with user_errors('lspet2coco.py'):
        main()
