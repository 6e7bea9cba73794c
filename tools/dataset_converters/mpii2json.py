#!/usr/bin/env python
"""MPII: from mpii_human_pose_v1_u12_1.mat to the json that Simple Baselines, HRNet and mmpose read."""

import argparse
import os.path as osp
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, osp.dirname(osp.abspath(__file__)))

import numpy as np
from converter_tools import AnnotationError, refuse_to_overwrite, track, user_errors, write_files

from mmpose_dark.annotations import read_mat

EPILOG = """
examples:
  python tools/dataset_converters/mpii2json.py mpii_human_pose_v1_u12_1.mat data/mpii/annotations \\
      --val-mat data/mpii/annotations/mpii_gt_val.mat
      the usual validation set, whose people are found by their joints and written in the order of gt_valid.mat:
      mpii_train.json, mpii_val.json
  python tools/dataset_converters/mpii2json.py mpii_human_pose_v1_u12_1.mat data/mpii/annotations --val-share 0.1
      a validation set of one's own: mpii_train.json, mpii_val.json, mpii_gt_val.mat (for MpiiPCKAccuracy)
  python tools/dataset_converters/mpii2json.py mpii_human_pose_v1_u12_1.mat data/mpii/annotations
      everybody: mpii_trainval.json

People need joints, scale and position (objpos). Training takes no image with somebody of the validation set.
The json of the HRNet authors has fewer people in train (22,246); for published values train with theirs.
Coordinates stay as they are in the file (the first pixel is 1): MpiiDataset subtracts 1.
"""
NUM_JOINTS = 16
JOINTS = (
    *('rank', 'rkne', 'rhip', 'lhip', 'lkne', 'lank', 'pelv', 'thor'),
    *('neck', 'head', 'rwri', 'relb', 'rsho', 'lsho', 'lelb', 'lwri'),
)
_SAME = 0.05  # pixels between the two files' coordinates of a joint


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('mat', help='mpii_human_pose_v1_u12_1.mat')
    parser.add_argument('out', help='folder to write to')
    parser.add_argument('--val-mat', help='gt_valid.mat: whom to validate on')
    parser.add_argument('--val-share', type=float, help='draw this share of the images for validation instead')
    parser.add_argument('--seed', type=int, default=0, help='of the draw (%(default)s)')
    parser.add_argument('--force', action='store_true', help='replace files that are there')
    args = parser.parse_args(arguments)
    if args.val_mat and args.val_share is not None:
        parser.error('--val-mat and --val-share exclude each other')
    if args.val_share is not None and not 0 < args.val_share < 1:
        parser.error('--val-share must be between 0 and 1')
    return args


def read_people(path: str) -> list[dict[str, object]]:
    """Return the training people that have joints, scale and position, in the order of the file.

    Returns:
        dicts of joints (16 pairs of x, y, counted from 1; -1 where not annotated), joints_vis (16 of 0 or 1), image,
        scale (height over 200 pixels), center (x, y) and head (x1, y1, x2, y2 of the head's box, or None).

    Raises:
        AnnotationError: the file is not of this kind, or a record in it is broken.
    """
    release = read_mat(path, 'RELEASE', structs=True)['RELEASE']
    for name in ('annolist', 'img_train'):
        if not hasattr(release, name):
            raise AnnotationError(f'{path!r}: RELEASE has no {name!r}; it is not mpii_human_pose_v1_u12_1.mat')
    images, is_train = _items(release.annolist), np.atleast_1d(release.img_train)
    if len(images) != len(is_train):
        raise AnnotationError(f'{path!r}: {len(images)} images in annolist, {len(is_train)} entries in img_train')
    people = []
    for i, image in enumerate(track(images, len(images), 'images')):
        if is_train[i]:
            people += _people_of(image, f'{path!r}: annolist({i + 1})')
    if not people:
        raise AnnotationError(f'{path!r}: no training image has a person with joints, scale and objpos')
    return people


def _people_of(image: object, where: str) -> Iterator[dict[str, object]]:
    name = str(getattr(getattr(image, 'image', None), 'name', ''))
    if not name:
        raise AnnotationError(f'{where} has no image.name')
    for r, rect in enumerate(_items(getattr(image, 'annorect', None))):
        place = f'{where} ({name}), annorect({r + 1})'
        points = [p for part in _items(getattr(rect, 'annopoints', None)) for p in _items(getattr(part, 'point', None))]
        center = [_number(getattr(getattr(rect, 'objpos', None), axis, None), place) for axis in 'xy']
        scale = _number(getattr(rect, 'scale', None), place)
        if not points or scale is None or None in center:
            continue
        joints, visible = [[-1.0, -1.0] for _ in range(NUM_JOINTS)], [0] * NUM_JOINTS
        for point in points:
            number = _number(getattr(point, 'id', None), place)
            if number is None or not 0 <= number < NUM_JOINTS:
                raise AnnotationError(f'{place} has a joint with the id {number}; 0 to {NUM_JOINTS - 1} are known')
            x, y = (_number(getattr(point, axis, None), place) for axis in 'xy')
            if x is None or y is None:
                raise AnnotationError(f'{place}: joint {int(number)} has no x or no y')
            joints[int(number)], visible[int(number)] = [x, y], 1
        head = [_number(getattr(rect, key, None), place) for key in ('x1', 'y1', 'x2', 'y2')]
        yield dict(
            joints_vis=visible,
            joints=joints,
            image=name,
            scale=scale,
            center=center,
            head=None if None in head else head,
        )


def find_people(people: list[dict], positions: np.ndarray, missing: np.ndarray, where: str) -> list[int]:
    """Return the place in ``people`` of each person of a ground-truth file.

    Args:
        people: see :func:`read_people`.
        positions: (N, 16, 2) joints in pixels, counted from 1.
        missing: (N, 16) which are not annotated.
        where: their file, for messages.

    Raises:
        AnnotationError: somebody is not among the people.

    >>> person = dict(joints=[[1.0, 2.0]] * 16, joints_vis=[1] * 16)
    >>> find_people([person], np.array([person['joints']]), np.zeros((1, 16), bool), 'gt_valid.mat')
    [0]
    """
    joints = np.array([p['joints'] for p in people])
    visible = np.array([p['joints_vis'] for p in people], bool)
    out, lost, taken = [], [], set()
    for i, (points, labelled) in enumerate(zip(positions, ~missing, strict=True)):
        first = int(np.argmax(labelled))
        near = np.flatnonzero((np.abs(joints[:, first] - points[first]) < _SAME).all(1) & visible[:, first])
        same = [
            j
            for j in near.tolist()
            if j not in taken
            and (visible[j] == labelled).all()
            and (np.abs(joints[j] - points)[labelled] < _SAME).all()
        ]
        if same:
            taken.add(same[0])
            out.append(same[0])
        else:
            lost.append(i)
    if lost:
        raise AnnotationError(
            f'{where!r}: {len(lost)} of {len(positions)} people are not in the other file, the first is person '
            f'{lost[0]}; do the files belong together?'
        )
    return out


def draw_people(people: list[dict], share: float, seed: int) -> list[int]:
    """Return the people, of drawn images, who have a head box to be measured with.

    >>> draw_people([dict(image='a.jpg', head=(0, 0, 9, 9)), dict(image='a.jpg', head=None)], 0.5, seed=0)
    [0]
    """
    images = list(dict.fromkeys(p['image'] for p in people))
    order = np.random.default_rng(seed).permutation(len(images))
    chosen = {images[i] for i in order[: max(1, round(share * len(images)))]}
    return [i for i, p in enumerate(people) if p['image'] in chosen and p['head'] is not None]


def ground_truth(people: list[dict]) -> bytes:
    """Return a file like gt_valid.mat for these people, which MpiiPCKAccuracy reads."""
    import io

    from scipy.io import savemat

    joints = np.array([p['joints'] for p in people], float)
    missing = np.array([p['joints_vis'] for p in people]) == 0
    joints[missing] = 0
    heads = np.array([p['head'] for p in people], float).reshape(-1, 2, 2)
    file = io.BytesIO()
    savemat(
        file,
        dict(
            dataset_joints=np.array([JOINTS], dtype=object),
            jnt_missing=missing.T.astype(np.uint8),
            pos_gt_src=joints.transpose(1, 2, 0),
            headboxes_src=heads.transpose(1, 2, 0),
        ),
    )
    return file.getvalue()


def _items(value: object) -> list:
    """Elements of a MATLAB array of structs: none, one or many."""
    if value is None:
        return []
    array = np.atleast_1d(value)
    return array.ravel().tolist()


def _number(value: object, where: str) -> float | None:
    """A number, or None where MATLAB has an empty array or nothing."""
    if value is None or np.size(value) == 0:
        return None
    try:
        number = float(np.ravel(value)[0])
    except (TypeError, ValueError) as err:
        raise AnnotationError(f'{where}: {value!r} is no number') from err
    return number if np.isfinite(number) else None


def main(arguments: list[str] | None = None) -> None:
    """Convert."""
    args = parse_args(arguments)
    out = Path(args.out)
    validates = bool(args.val_mat or args.val_share)
    names = ('mpii_train.json', 'mpii_val.json') if validates else ('mpii_trainval.json',)
    if args.val_share:
        names += ('mpii_gt_val.mat',)
    targets = [out / name for name in names]
    refuse_to_overwrite(targets, force=args.force, inputs=[args.mat, *filter(None, [args.val_mat])])
    people = read_people(args.mat)
    if args.val_mat:
        truth = read_mat(args.val_mat, 'pos_gt_src', 'jnt_missing', 'headboxes_src', structs=True)
        positions = np.atleast_3d(truth['pos_gt_src']).transpose(2, 0, 1)
        missing = np.asarray(truth['jnt_missing']).reshape(NUM_JOINTS, -1).T > 0
        val = find_people(people, positions, missing, args.val_mat)
    else:
        val = draw_people(people, args.val_share, args.seed) if args.val_share else []
    val_images = {people[i]['image'] for i in val}
    splits = [[p for p in people if p['image'] not in val_images], [people[i] for i in val]]
    files: dict[Path, object] = {}
    for target, split in zip(targets, splits, strict=False):
        files[target] = [{key: value for key, value in p.items() if key != 'head'} for p in split]
        print(f'{target}: {len(split)} people on {len({p["image"] for p in split})} images')
    if args.val_share:
        files[targets[2]] = ground_truth(splits[1])
        print(f'{targets[2]}: head boxes and joints of these {len(val)} people')
    write_files(files)


if __name__ == '__main__':
    with user_errors('mpii2json.py'):
        main()
