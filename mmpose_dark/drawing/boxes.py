"""Boxes on images."""

from collections.abc import Sequence

import cv2
import numpy as np

from ..utils.errors import InputError
from ..utils.foreign_types import as_numbers
from .canvas import as_canvas, draw_text_, text_size
from .colors import Colors, color_table, to_color

__all__ = ['draw_bboxes']

_FAR = 30000  # further out than any image, within what OpenCV draws


def draw_bboxes(
    image: np.ndarray,
    bboxes: np.ndarray,
    *,
    colors: Colors = None,
    line_width: float | None = None,
    alpha: float = 1.0,
    labels: Sequence[str] | None = None,
    text_color: str | Sequence[int] = 'black',
) -> np.ndarray:
    """Draw boxes, each with an optional line of text on its upper edge.

    Args:
        image: (H, W, 3) uint8; not modified.
        bboxes: (N, 4) left, top, right, bottom in pixels, rounded; boxes with NaN are left out.
        colors: one colour or one a box, in the image's channel order.
        line_width: pixels; None fits it to the image.
        alpha: opacity of the lines, 0..1.
        labels: one text a box.
        text_color: of the labels, which stand on the box's colour.

    Returns:
        (H, W, 3) uint8, a new image.

    Raises:
        InputError: not (N, 4), or another number of labels than boxes.

    >>> drawn = draw_bboxes(np.zeros((9, 9, 3), np.uint8), np.array([[2, 2, 6, 6]]), colors='red')
    >>> drawn[2, 4].tolist(), drawn[4, 4].tolist()
    ([255, 0, 0], [0, 0, 0])
    """
    canvas = as_canvas(image)
    boxes = as_numbers(bboxes, 'bboxes')
    boxes = boxes.reshape(0, 4) if boxes.size == 0 else boxes
    if boxes.ndim != 2 or boxes.shape[1] < 4:
        raise InputError(f'bboxes must have the shape (N, 4), got {np.shape(bboxes)}')
    if labels is not None and len(labels) != len(boxes):
        raise InputError(f'{len(labels)} labels given for {len(boxes)} boxes')
    tints = color_table(colors, len(boxes), default='green')
    width = max(1, round(sum(canvas.shape[:2]) / 800)) if line_width is None else line_width
    height = float(np.clip(sum(canvas.shape[:2]) / 120, 8, 24))
    for i, (box, tint) in enumerate(zip(boxes[:, :4], tints, strict=True)):
        if not np.isfinite(box).all():
            continue
        left, top, right, bottom = np.clip(np.round(box), -_FAR, _FAR).astype(int).tolist()
        layer = canvas.copy() if alpha < 1 else canvas
        cv2.rectangle(layer, (left, top), (right, bottom), tint.tolist(), max(1, round(width)))
        if alpha < 1:
            cv2.addWeighted(layer, alpha, canvas, 1 - alpha, 0, dst=canvas)
        if labels is not None and labels[i]:
            above = top - text_size(labels[i], height)[1] - height * 0.6
            xy = (left, above if above >= 0 else top)
            draw_text_(canvas, labels[i], xy=xy, height=height, color=to_color(text_color), background=tint)
    return canvas
