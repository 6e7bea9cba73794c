#!/usr/bin/env python
"""COCO-style keypoints to the YOLO-pose format: labels/, images/ and data.yaml."""

import argparse
import os
import os.path as osp
import shutil
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, osp.dirname(osp.abspath(__file__)))

import numpy as np
import yaml
from converter_tools import AnnotationError, refuse_existing, track, user_errors
from yolo_format import format_line

from mmpose_dark.annotations import group_by_image, index_images, read_coco, require_box
from mmpose_dark.keypoint_sets import parse_pose_metainfo
from mmpose_dark.utils.atomic_file import atomic_path
from mmpose_dark.utils.output_paths import check_outputs

EPILOG = """
examples:
  python tools/dataset_converters/coco2yolo_pose.py data/coco_yolo \\
      --train data/coco/annotations/person_keypoints_train2017.json data/coco/train2017 \\
      --val data/coco/annotations/person_keypoints_val2017.json data/coco/val2017
  python tools/dataset_converters/coco2yolo_pose.py data/lspet_yolo --definition lspet \\
      --train data/lspet/annotations/lspet_train.json data/lspet/images

The format has no crowd regions, areas or ids: regions are left out. It wants everything inside the image: boxes are
cut there, and keypoints outside count as not labelled. How many it concerns is said.
"""


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('out', help='folder to make')
    for split in ('train', 'val', 'test'):
        parser.add_argument(
            f'--{split}', nargs=2, metavar=('JSON', 'IMAGES'), help=f'annotations and images of {split}'
        )
    parser.add_argument('--definition', default='coco', help='of the keypoints, a name or a file (%(default)s)')
    parser.add_argument(
        '--images', default='link', choices=('link', 'copy', 'none'), help='how to bring images there (%(default)s)'
    )
    parser.add_argument('--decimals', type=int, default=6, help='of the relative coordinates (%(default)s)')
    parser.add_argument('--force', action='store_true', help='replace a folder that is there')
    args = parser.parse_args(arguments)
    if not any(getattr(args, split) for split in ('train', 'val', 'test')):
        parser.error('give at least one of --train, --val, --test')
    return args


def label_lines(
    image: dict, people: list[dict], count: int, file: str, *, decimals: int, left_out: Counter
) -> list[str]:
    """Return the label lines of an image.

    Args:
        image: COCO record.
        people: its annotations, in normal form.
        count: keypoints of the definition.
        file: of the annotations, for messages.
        decimals: of the relative coordinates.
        left_out: counts what the format cannot hold.

    Raises:
        AnnotationError: a labelled person lacks the box or has another number of keypoints.

    >>> image, person = dict(width=100, height=100), dict(id=1, bbox=[10, 20, 20, 40], keypoints=[15, 30, 2])
    >>> label_lines(image, [person], 1, 'a.json', decimals=3, left_out=Counter())
    ['0 0.2 0.4 0.2 0.4 0.15 0.3 2']
    """
    size = np.array([image['width'], image['height']], float)
    lines = []
    for ann in people:
        where = f'annotation file {file!r}: annotation {ann["id"]}'
        if ann.get('iscrowd'):
            left_out['crowd regions'] += 1
            continue
        require_box(ann, where)
        values = ann.get('keypoints', [])
        if not values or 'bbox' not in ann:
            left_out['annotations without keypoints'] += 1
            continue
        if len(values) != 3 * count:
            raise AnnotationError(
                f'{where} has {len(values)} numbers in keypoints; {3 * count} are needed (see --definition)'
            )
        points = np.array(values, float).reshape(count, 3)
        outside = (points[:, 2] > 0) & ((points[:, :2] < 0) | (points[:, :2] > size)).any(1)
        left_out['keypoints outside the image'] += int(outside.sum())
        points[outside | (points[:, 2] <= 0)] = 0
        x, y, w, h = ann['bbox']
        low, high = np.clip([x, y], 0, size), np.clip([x + w, y + h], 0, size)
        if (high <= low).any():
            left_out['boxes without area in the image'] += 1
            continue
        lines.append(format_line([*low, *(high - low)], points, tuple(size), decimals))
    return lines


def convert_split(split: str, json_file: str, folder: str, out: Path, args: argparse.Namespace, count: int) -> None:
    """Write labels of a split, bring its images, and say what was left out.

    Raises:
        AnnotationError: the annotations cannot be used, or an image is not there.
    """
    content = read_coco(json_file)
    images = index_images(content.images, json_file)
    by_image = group_by_image(content.annotations, images, json_file)
    left_out: Counter = Counter()
    people, names = 0, set()
    for kind in ('images', 'labels'):
        (out / kind / split).mkdir(parents=True)
    for image_id, image in track(images.items(), len(images), f'images of {split}'):
        name = image['file_name'].replace('/', '_')  # a folder "images" in it would mislead the label look-up
        stem = osp.splitext(name)[0]
        if stem in names:
            raise AnnotationError(
                f'annotation file {json_file!r}: two images are called {stem!r}; their labels would meet'
            )
        names.add(stem)
        lines = label_lines(image, by_image[image_id], count, json_file, decimals=args.decimals, left_out=left_out)
        people += len(lines)
        text = ''.join(f'{line}\n' for line in lines)
        (out / 'labels' / split / f'{stem}.txt').write_text(text, encoding='utf-8')
        if args.images != 'none':
            _bring(Path(folder) / image['file_name'], out / 'images' / split / name, link=args.images == 'link')
    print(f'{split}: {people} people on {len(images)} images')
    for what, number in left_out.items():
        if number:
            print(f'  left out: {number} {what}')


def _bring(source: Path, target: Path, *, link: bool) -> None:
    if not source.is_file():
        raise AnnotationError(f'image {str(source)!r} does not exist; is the folder of images right?')
    if link:
        target.symlink_to(source.resolve())
    else:
        shutil.copyfile(source, target)


def _is_inside(path: str, folder: Path) -> bool:
    return Path(path).resolve().is_relative_to(folder.resolve())


def data_file(splits: list[str], definition: str) -> str:
    """Return the text of data.yaml, with paths relative to its own folder.

    >>> data_file(['train', 'val'], 'lspet').splitlines()[3]
    'flip_idx: [3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8, 12, 13]'
    """
    meta = parse_pose_metainfo(dict(from_file=definition))
    content = {split: f'images/{split}' for split in splits}
    content.setdefault('val', content.get('test', next(iter(content.values()))))
    content.update(
        kpt_shape=[meta['num_keypoints'], 3],
        flip_idx=list(meta['flip_indices']),
        names={0: 'person'},
        kpt_names={0: list(meta['keypoint_id2name'].values())},
    )
    return yaml.safe_dump(content, sort_keys=False, default_flow_style=None)


def main(arguments: list[str] | None = None) -> None:
    """Convert, in a folder beside the final one that is renamed at the end."""
    args = parse_args(arguments)
    out = Path(args.out)
    splits = [split for split in ('train', 'val', 'test') if getattr(args, split)]
    refuse_existing([out], force=args.force)
    check_outputs([out / 'data.yaml'])
    inside = [path for split in splits for path in getattr(args, split) if _is_inside(path, out)]
    if inside:
        raise AnnotationError(f'{inside[0]!r} lies in {args.out!r}, which would be replaced: write to another folder')
    if out.exists() and any(out.iterdir()) and not (out / 'data.yaml').is_file():
        raise AnnotationError(f'{args.out!r} has no data.yaml, so it is no dataset of this kind: remove it yourself')
    count = parse_pose_metainfo(dict(from_file=args.definition))['num_keypoints']
    old = out.with_name(f'.{out.name}.{os.getpid()}.old')
    try:
        with atomic_path(out) as work:
            work.mkdir(parents=True)
            for split in splits:
                convert_split(split, *getattr(args, split), work, args, count)
            (work / 'data.yaml').write_text(data_file(splits, args.definition), encoding='utf-8')
            if out.exists():
                os.replace(out, old)
    except BaseException:
        if old.exists() and not out.exists():
            os.replace(old, out)
        raise
    shutil.rmtree(old, ignore_errors=True)
    print(f'{out / "data.yaml"} written')


if __name__ == '__main__':
    with user_errors('coco2yolo_pose.py'):
        main()
