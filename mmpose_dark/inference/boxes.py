"""Boxes of people: checked arrays, and the stage that says where the people of an image are."""

from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..utils.choices import BOX_FORMATS
from ..utils.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ['BOX_FORMATS', 'BoxError', 'BoxSource', 'GivenBoxes', 'WholeImage', 'check_boxes']


class BoxError(InputError):
    """Boxes that cannot be used; the message names the box and what is wrong with it."""


def check_boxes(
    bboxes: 'np.typing.ArrayLike | Tensor | None', bbox_format: str = 'xyxy', *, image_hw: tuple[int, int] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Check boxes and bring them to corners.

    Args:
        bboxes: (N, 4) pixels, or (N, 5) with the score last; None or N = 0 for no box. Not modified.
        bbox_format: ``'xyxy'`` left, top, right, bottom, or ``'xywh'`` left, top, width, height.
        image_hw: height and width of the image; given, a box must overlap it (it may reach beyond).

    Returns:
        boxes (N, 4) float32 xyxy, and scores (N,) float32, ones where none are given.

    Raises:
        BoxError: an unknown format, another shape, a box with NaN or infinity, without an area, or
            outside the image.

    >>> check_boxes([[10, 20, 30, 40]], 'xywh')[0].tolist()
    [[10.0, 20.0, 40.0, 60.0]]
    """
    _check_format(bbox_format)
    if hasattr(bboxes, 'detach'):
        bboxes = bboxes.detach().cpu().numpy()
    try:
        boxes = np.array([] if bboxes is None else bboxes, dtype=np.float64)
    except (TypeError, ValueError) as err:
        raise BoxError(f'boxes must be N rows of 4 numbers ({bbox_format}), or 5 with the score last: {err}') from err
    if boxes.size == 0:
        return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
    if boxes.ndim != 2 or boxes.shape[1] not in (4, 5):
        raise BoxError(f'boxes must have the shape (N, 4), or (N, 5) with the score last, got {boxes.shape}')
    scores = boxes[:, 4] if boxes.shape[1] == 5 else np.ones(len(boxes))
    given, boxes = boxes, boxes[:, :4].copy()
    if bbox_format == 'xywh':
        boxes[:, 2:] += boxes[:, :2]
    for i, (x1, y1, x2, y2) in enumerate(boxes):
        told = f'box {i} {[round(float(v), 2) for v in given[i]]} ({bbox_format})'
        if not np.isfinite(given[i]).all():
            raise BoxError(f'{told} is not finite')
        if x2 <= x1 or y2 <= y1:
            raise BoxError(f'{told} has no area: width {x2 - x1:g}, height {y2 - y1:g}; is bbox_format right?')
        if image_hw is not None and (x2 <= 0 or y2 <= 0 or x1 >= image_hw[1] or y1 >= image_hw[0]):
            raise BoxError(f'{told} lies outside the image of width {image_hw[1]} and height {image_hw[0]}')
    return boxes.astype(np.float32), scores.astype(np.float32)


def _check_format(bbox_format: str) -> None:
    if bbox_format not in BOX_FORMATS:
        raise BoxError(f'bbox_format {bbox_format!r} is not one of {", ".join(map(repr, BOX_FORMATS))}')


class BoxSource(Protocol):
    """What says where the people of an image are: given boxes, or a detector.

    It is called once for each image, in the images' order unless the inferencer has several workers; with workers it
    is called from their threads.
    """

    def __call__(self, image: np.ndarray, path: str) -> np.ndarray:
        """Return the boxes of the people.

        Args:
            image: (H, W, 3) uint8 BGR; not to be modified.
            path: of the image; '' for an array.

        Returns:
            (N, 4) left, top, right, bottom in image pixels, or (N, 5) with the score last; N may be 0.
        """


class WholeImage:
    """One person in each image, as large as the image."""

    def __call__(self, image: np.ndarray, path: str) -> np.ndarray:
        """Return the image (H, W, 3) as one box, (1, 4) left, top, right, bottom.

        >>> WholeImage()(np.zeros((4, 6, 3), np.uint8), '').tolist()
        [[0.0, 0.0, 6.0, 4.0]]
        """
        return np.array([[0, 0, image.shape[1], image.shape[0]]], np.float32)


class GivenBoxes:
    """The boxes that somebody gave for one image.

    Args:
        boxes: (N, 4) or (N, 5), see `check_boxes`.
        bbox_format: ``'xyxy'`` or ``'xywh'``.

    Raises:
        BoxError: another ``bbox_format``.
    """

    def __init__(self, boxes: 'np.typing.ArrayLike | Tensor', bbox_format: str = 'xyxy') -> None:
        _check_format(bbox_format)
        self.boxes, self.bbox_format = boxes, bbox_format

    def __call__(self, image: np.ndarray, path: str) -> np.ndarray:
        """Return the boxes (N, 5) for the image (H, W, 3): left, top, right, bottom, score.

        Raises:
            BoxError: see `check_boxes`.

        >>> GivenBoxes([[1, 1, 2, 2]], 'xywh')(np.zeros((4, 6, 3), np.uint8), '').tolist()
        [[1.0, 1.0, 3.0, 3.0, 1.0]]
        """
        boxes, scores = check_boxes(self.boxes, self.bbox_format, image_hw=image.shape[:2])
        return np.concatenate([boxes, scores[:, None]], axis=1)
