"""Decoding JPEG files at a part of their size: at which, and where the pixels belong."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from .image_header import exif_orientation, jpeg_size

__all__ = ['ReducedImage', 'flip_img_to_ori', 'reduction_for', 'reduction_geometry']

_REDUCTIONS = (8, 4, 2)
_SIDEWAYS = (5, 6, 7, 8)
# EXIF orientations in which the last stored column or row comes first.
_MIRRORED_X = (2, 3, 6, 7)
_MIRRORED_Y = (3, 4, 7, 8)


class ReducedImage(NamedTuple):
    """A decoded image.

    Attributes:
        image: (H, W, 3) BGR uint8.
        shape: height and width of the whole image.
        img_to_ori: (2, 3) from pixels of ``image`` to pixels of the whole image; None where they are the same.
    """

    image: np.ndarray
    shape: tuple[int, int]
    img_to_ori: np.ndarray | None


def reduction_for(results: Mapping[str, object], reduce_to: Sequence[int]) -> int:
    """Return by how much an image may be reduced: 8, 4, 2 or 1.

    Args:
        results: with ``bbox_scale`` (N, 2) or ``bbox`` (N, 4) xyxy, pixels; without them 1.
        reduce_to: width and height that the box, widened to their ratio, must keep.

    >>> reduction_for(dict(bbox=np.array([[0., 0., 300., 600.]])), (96, 128))
    4
    """
    if results.get('bbox_scale') is not None:
        scale = np.asarray(results['bbox_scale'])
    elif results.get('bbox') is not None:
        box = np.asarray(results['bbox'])
        scale = box[:, 2:] - box[:, :2]
    else:
        return 1
    # Of the widened box both sides are so many times those of reduce_to; the smallest box counts.
    times = float((scale / np.asarray(reduce_to)).max(-1).min(initial=np.inf))
    return next((r for r in _REDUCTIONS if r <= times < math.inf), 1)


def reduction_geometry(
    content: bytes, reduced_hw: tuple[int, int], reduction: int, *, ignore_orientation: bool = False
) -> tuple[tuple[int, int], np.ndarray] | None:
    """Return where the pixels of a reduced JPEG lie in the whole image.

    A pixel of the reduced image is the mean of a square of ``reduction`` pixels, counted from the
    stored image's top left, so at the other end it may reach over the edge.

    Args:
        content: of the file.
        reduced_hw: height and width of the reduced image, turned as it is seen.
        reduction: 2, 4 or 8.
        ignore_orientation: whether the EXIF orientation was not applied.

    Returns:
        Height and width of the whole image and (2, 3) from pixels of the reduced image to those of the whole one
        (integer = pixel centre); None if it is no JPEG or its header says another size than was decoded.

    >>> import cv2
    >>> jpeg = cv2.imencode('.jpg', np.zeros((10, 20, 3), np.uint8))[1].tobytes()
    >>> (height, width), img_to_ori = reduction_geometry(jpeg, (5, 10), 2)
    >>> height, width, img_to_ori.tolist()
    (10, 20, [[2.0, 0.0, 0.5], [0.0, 2.0, 0.5]])
    """
    size = jpeg_size(content)
    if size is None:
        return None
    orientation = 1 if ignore_orientation else exif_orientation(content)
    width, height = size[::-1] if orientation in _SIDEWAYS else size
    if reduced_hw != (-(-height // reduction), -(-width // reduction)):
        return None
    over_x, over_y = width - reduction * reduced_hw[1], height - reduction * reduced_hw[0]
    shift = (reduction - 1) / 2
    left = shift + (over_x if orientation in _MIRRORED_X else 0)
    top = shift + (over_y if orientation in _MIRRORED_Y else 0)
    return (height, width), np.array([[reduction, 0, left], [0, reduction, top]], np.float64)


def flip_img_to_ori(
    img_to_ori: np.ndarray, image_wh: tuple[int, int], whole_wh: tuple[int, int], direction: str
) -> np.ndarray:
    """Return where the pixels of a reduced image lie in the whole image, both flipped.

    Args:
        img_to_ori: (2, 3), before.
        image_wh: width and height of the reduced image.
        whole_wh: of the whole image.
        direction: ``'horizontal'``, ``'vertical'`` or ``'diagonal'`` (both).

    Returns:
        (2, 3).

    >>> flip_img_to_ori(np.array([[2, 0, .5], [0, 2, .5]]), (3, 2), (5, 4), 'horizontal').tolist()
    [[2.0, 0.0, -0.5], [0.0, 2.0, 0.5]]
    """
    out = np.array(img_to_ori, np.float64)
    for axis, mirrored in enumerate((direction != 'vertical', direction != 'horizontal')):
        if mirrored:
            out[axis, 2] = whole_wh[axis] - 1 - out[axis, axis] * (image_wh[axis] - 1) - out[axis, 2]
    return out
