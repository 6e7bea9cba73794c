"""The numbers of images in results: those of the file that gave the boxes, so that the results can be evaluated."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .box_files import BoxFile
from .image_names import number_in_name

__all__ = ['ImageIds', 'image_ids']


class ImageIds(NamedTuple):
    """An id for each image.

    Attributes:
        ids: in the images' order, each another one; None for an image that the file of boxes does not speak of.
        note: why the results cannot be evaluated as they are; '' where they can.
    """

    ids: list[int | str | None]
    note: str = ''


def image_ids(images: Sequence[Path], boxes: BoxFile | None = None) -> ImageIds:
    """Choose the ids: of the file of boxes; else the numbers in the images' names; else their places, from 1.

    One of the three holds for all images, since ids of two kinds could be the same.

    Args:
        images: files.
        boxes: of `read_boxes`.

    Raises:
        BoxError: it cannot be told which of several images an entry of the file is.

    >>> image_ids([Path('000139.jpg'), Path('7.jpg')]).ids
    [139, 7]
    >>> image_ids([Path('1.jpg'), Path('a.jpg')]).ids
    [1, 2]
    >>> image_ids([Path('a.jpg')], BoxFile(by_name={'a.jpg': []}, image_ids={'a.jpg': 139}))
    ImageIds(ids=[139], note='')
    """
    if boxes is not None and boxes.gives_ids:
        boxes.check_images(images)
        found = [boxes.image_id_for(image) for image in images]
        without = [image for image, i in zip(images, found, strict=True) if i is None and boxes.boxes_for(image)]
        if not without and any(i is not None for i in found):
            return ImageIds(found)
    numbers = [number_in_name(image) for image in images]
    if None not in numbers and len(set(numbers)) == len(images):
        return ImageIds(numbers, 'image ids are the numbers in the names: right where the annotations have these')
    return ImageIds(
        list(range(1, len(images) + 1)),
        'image ids are the places of the images in the input, from 1, which no annotation file knows: to evaluate the '
        "results, give the boxes by --bboxes with COCO annotations, or with detections that have 'image_id'",
    )
