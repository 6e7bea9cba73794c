#!/usr/bin/env python
"""PoseTrack18: from the authors' files, one a sequence, to one file for training and testing."""

import argparse
import os.path as osp
import sys
from pathlib import Path

sys.path.insert(0, osp.dirname(osp.abspath(__file__)))

import numpy as np
from converter_tools import AnnotationError, extent_box, refuse_to_overwrite, track, user_errors, write_files

from mmpose_dark.annotations import finite_numbers, read_coco

EPILOG = """
examples:
  python tools/dataset_converters/posetrack18_merge.py data/posetrack18/annotations/train \\
      data/posetrack18/annotations/posetrack18_train.json
  python tools/dataset_converters/posetrack18_merge.py data/posetrack18/annotations/val \\
      data/posetrack18/annotations/posetrack18_val.json --images data/posetrack18

People without a box get the extent of their joints, 15 % wider on each side, as the authors' boxes are; num_keypoints
and iscrowd are added where they are missing. Frames that are not labelled are left out unless --all-frames is given.
"""
NUM_KEYPOINTS = 17
MARGIN = 0.15


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('folder', help='with one json a sequence, 000342_mpii_test.json ...')
    parser.add_argument('out', help='json file to write')
    parser.add_argument('--images', help='data root: read the size of a frame of each sequence where it is not said')
    parser.add_argument('--all-frames', action='store_true', help='keep frames that are not labelled as well')
    parser.add_argument('--force', action='store_true', help='replace a file that is there')
    return parser.parse_args(arguments)


def complete_person(ann: dict, where: str) -> dict:
    """Return an annotation with num_keypoints, iscrowd and a box.

    Raises:
        AnnotationError: not 17 finite triplets.

    >>> complete_person(dict(id=1, keypoints=[10, 20, 1, 30, 60, 1, *[0] * 45]), 'annotation 1')['bbox']
    [7.0, 14.0, 26.0, 52.0]
    """
    values = ann.get('keypoints', [])
    if len(values) != 3 * NUM_KEYPOINTS:
        raise AnnotationError(f'{where} has {len(values)} numbers in keypoints, {3 * NUM_KEYPOINTS} are needed')
    points = finite_numbers(values, where).astype(float).reshape(-1, 3)
    labelled = points[:, 2] > 0
    out = dict(ann)
    out.setdefault('iscrowd', False)
    out.setdefault('num_keypoints', int(labelled.sum()))
    if not out.get('bbox') and labelled.any():
        values = np.array(values, float).reshape(-1, 3)
        out['bbox'] = extent_box(values[labelled, :2], share=MARGIN)
    return out


def complete_images(images: list[dict], file: Path, root: str | None) -> list[dict]:
    """Return the images of a sequence with width and height; all of its frames have one size.

    Raises:
        AnnotationError: no size is said and no image is there to be asked.

    >>> complete_images([dict(id=1, width=4, height=3)], Path('a.json'), None)
    [{'id': 1, 'width': 4, 'height': 3}]
    """
    if all('width' in image and 'height' in image for image in images):
        return images
    if root is None:
        raise AnnotationError(f'{str(file)!r} does not say the size of its images; give --images')
    from mmpose_dark.data_check.image_files import read_image_file

    path = Path(root) / images[0]['file_name']
    image_file = read_image_file(str(path))
    if image_file.problem:
        raise AnnotationError(f'{str(path)!r} (of {str(file)!r}) cannot be read: {image_file.problem}')
    width, height = image_file.size_wh
    return [dict(image, width=width, height=height) for image in images]


def merge(folder: str, *, root: str | None = None, all_frames: bool = False) -> dict:
    """Return the content of all files of a folder as one.

    Raises:
        AnnotationError: there is no file, one is broken, or an id comes in two of them.
    """
    files = sorted(Path(folder).glob('*.json'))
    if not files:
        raise AnnotationError(f'there is no .json file in {folder!r}; one a sequence is expected')
    images, annotations = [], []
    origin: dict = {}
    for file in track(files, len(files), 'sequences'):
        content = read_coco(str(file))
        frames, people = content.images, content.annotations
        if not all_frames:
            frames = [frame for frame in frames if frame.get('is_labeled', True)]
        for frame in frames:
            if frame['id'] in origin:
                raise AnnotationError(f'image id {frame["id"]} is in {str(origin[frame["id"]])!r} and {str(file)!r}')
            origin[frame['id']] = file
        images += complete_images(frames, file, root)
        known = {frame['id'] for frame in frames}
        for ann in people:
            if ann.get('image_id') in known:
                annotations.append(complete_person(ann, f'{str(file)!r}: annotation {ann["id"]}'))
            elif all_frames:
                raise AnnotationError(
                    f'{str(file)!r}: annotation {ann["id"]} is of image {ann.get("image_id")!r}, not there'
                )
    return dict(images=images, annotations=annotations, categories=_categories())


def _categories() -> list[dict]:
    from mmpose_dark.keypoint_sets import parse_pose_metainfo

    names = parse_pose_metainfo(dict(from_file='posetrack18'))['keypoint_id2name'].values()
    return [dict(id=1, name='person', supercategory='person', keypoints=list(names), skeleton=[])]


def main(arguments: list[str] | None = None) -> None:
    """Merge."""
    args = parse_args(arguments)
    refuse_to_overwrite([args.out], force=args.force, inputs=Path(args.folder).glob('*.json'))
    content = merge(args.folder, root=args.images, all_frames=args.all_frames)
    write_files({args.out: content})
    print(f'{args.out}: {len(content["annotations"])} people on {len(content["images"])} images')


if __name__ == '__main__':
    with user_errors('posetrack18_merge.py'):
        main()
