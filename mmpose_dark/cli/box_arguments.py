"""Boxes that a user gives to a command: on the command line, or in a file."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..utils.choices import BOX_FORMATS

if TYPE_CHECKING:
    from ..inference import BoxFile

__all__ = ['BOX_FILES', 'add_box_arguments', 'box_file', 'box_format']

BOX_FILES = """A json file of boxes holds one of
  [[x, y, w, h], ...]                                  boxes for every image
  {"name.jpg": [[x, y, w, h], ...], ...}               boxes by image; a fifth number is a score
  [{"image_id": 785, "bbox": [x, y, w, h], "score": 0.9, "category_id": 1}, ...]  COCO detections
  {"images": [...], "annotations": [...]}              COCO annotations
Of several categories that of people is taken: the one named 'person', else 1."""


class _Arguments(Protocol):
    """A parser or a group of one."""

    def add_argument(self, *names: str, **options: object) -> argparse.Action:
        """Add an argument."""


def add_box_arguments(where: _Arguments, group: _Arguments, *, bbox_thr: float) -> None:
    """Add ``--bboxes`` and ``--bbox``, and how boxes are written.

    Args:
        where: takes the ways to give boxes, of which a user chooses one.
        group: takes the rest.
        bbox_thr: default of ``--bbox-thr``.

    >>> parser = argparse.ArgumentParser()
    >>> add_box_arguments(parser.add_mutually_exclusive_group(), parser, bbox_thr=0.3)
    >>> parser.parse_args(['--bbox', '1', '2', '3', '4']).bbox
    [[1.0, 2.0, 3.0, 4.0]]
    """
    where.add_argument('--bboxes', metavar='JSON', help='file with the boxes of the people, see below')
    where.add_argument(
        '--bbox', nargs=4, type=float, action='append', metavar='N', help='box of a person in every image; repeatable'
    )
    group.add_argument(
        '--bbox-format',
        choices=BOX_FORMATS,
        help='left top right bottom, or left top width height (default: xyxy for --bbox, xywh for --bboxes)',
    )
    group.add_argument('--bbox-thr', type=float, default=bbox_thr, help='leave out boxes scored below (%(default)s)')


def box_format(args: argparse.Namespace) -> str:
    """Return how the boxes that were given are written.

    >>> box_format(argparse.Namespace(bbox_format=None, bboxes='boxes.json'))
    'xywh'
    """
    return args.bbox_format or ('xywh' if args.bboxes else 'xyxy')


def box_file(args: argparse.Namespace, images: Sequence[Path]) -> 'BoxFile | None':
    """Read ``--bboxes``, and say how many images it speaks of; None if there is none.

    Raises:
        BoxError: a box file that speaks of none of the images, or in a way that several could be meant.
    """
    from ..inference import BoxError, read_boxes

    if not args.bboxes:
        return None
    file = read_boxes(args.bboxes, score_thr=args.bbox_thr)
    file.check_images(images)
    known = sum(file.boxes_for(image) is not None for image in images)
    if not known:
        first = f', such as {images[0].name}' if images else ''
        raise BoxError(f'{args.bboxes} has no boxes for any of the {len(images)} images{first}')
    if known < len(images):
        print(f'{args.bboxes} does not speak of {len(images) - known} of {len(images)} images: no people there')
    return file
