"""Contact sheets: many images in one."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from ..drawing.canvas import as_canvas, draw_text_, text_size
from ..utils.errors import InputError

__all__ = ['contact_sheet', 'fit_into', 'side_by_side', 'stacked']


def fit_into(image: np.ndarray, size_wh: tuple[int, int], *, background: int = 32) -> np.ndarray:
    """Scale an image, keeping its proportions, and centre it on a plain field.

    Args:
        image: (H, W, 3) or (H, W) uint8; not modified.
        size_wh: width and height of the result.
        background: grey level around the image.

    Returns:
        (height, width, 3) uint8.

    >>> fit_into(np.full((10, 20, 3), 255, np.uint8), (8, 8), background=0)[:, 4, 0].tolist()
    [0, 0, 255, 255, 255, 255, 0, 0]
    """
    width, height = size_wh
    canvas = as_canvas(image)
    ratio = min(width / canvas.shape[1], height / canvas.shape[0])
    new = (max(1, round(canvas.shape[1] * ratio)), max(1, round(canvas.shape[0] * ratio)))
    if new != (canvas.shape[1], canvas.shape[0]):
        canvas = cv2.resize(canvas, new, interpolation=cv2.INTER_AREA if ratio < 1 else cv2.INTER_CUBIC)
    field = np.full((height, width, 3), background, np.uint8)
    x, y = (width - new[0]) // 2, (height - new[1]) // 2
    field[y : y + new[1], x : x + new[0]] = canvas
    return field


def contact_sheet(
    images: Sequence[np.ndarray],
    *,
    titles: Sequence[str] | None = None,
    columns: int | None = None,
    cell_wh: tuple[int, int] | None = None,
    gap: int = 6,
    background: int = 32,
) -> np.ndarray:
    """Arrange images in rows of equal cells.

    Args:
        images: each (H, W, 3) or (H, W) uint8; scaled into the cell, never distorted.
        titles: a line of text above each image, shortened to the cell.
        columns: cells in a row; None makes the sheet about as wide as high.
        cell_wh: width and height of a cell without its title; None takes that of the largest image.
        gap: pixels around each cell.
        background: grey level of the sheet.

    Returns:
        (height, width, 3) uint8.

    Raises:
        InputError: no image, or another number of titles.

    >>> contact_sheet([np.zeros((10, 10), np.uint8)] * 4, gap=2).shape
    (26, 26, 3)
    """
    if not images:
        raise InputError('a contact sheet needs at least one image')
    if titles is not None and len(titles) != len(images):
        raise InputError(f'{len(titles)} titles given for {len(images)} images')
    if cell_wh is None:
        cell_wh = (max(i.shape[1] for i in images), max(i.shape[0] for i in images))
    width, height = cell_wh
    letter = float(np.clip(width / 22, 7, 16))
    head = round(letter * 2.2) if titles is not None else 0
    if columns is None:
        columns = max(1, round(math.sqrt(len(images) * (height + head) / width)))
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    sheet = np.full((rows * (height + head + gap) + gap, columns * (width + gap) + gap, 3), background, np.uint8)
    for i, image in enumerate(images):
        x = gap + (i % columns) * (width + gap)
        y = gap + (i // columns) * (height + head + gap)
        sheet[y + head : y + head + height, x : x + width] = fit_into(image, cell_wh, background=background)
        if titles is not None:
            text = _shortened(titles[i], width, letter)
            strip = sheet[y : y + head, x : x + width].copy()
            draw_text_(strip, text, xy=(0, letter * 0.4), height=letter, color=(235, 235, 235))
            sheet[y : y + head, x : x + width] = strip
    return sheet


def _shortened(text: str, width: int, letter: float) -> str:
    if text_size(text, letter)[0] <= width:
        return text
    while text and text_size(text + '..', letter)[0] > width:
        text = text[:-1]
    return text + '..'


def side_by_side(*images: np.ndarray, gap: int = 4, background: int = 255) -> np.ndarray:
    """Put images in one row at the height of the highest.

    Args:
        images: each (H, W, 3) uint8.
        gap: pixels between them.
        background: grey level of the gaps.

    Returns:
        (height, width, 3) uint8.

    >>> side_by_side(np.zeros((4, 5, 3), np.uint8), np.zeros((8, 10, 3), np.uint8), gap=1).shape
    (8, 21, 3)
    """
    height = max(i.shape[0] for i in images)
    scaled = [fit_into(i, (max(1, round(i.shape[1] * height / i.shape[0])), height)) for i in images]
    strip = np.full((height, gap, 3), background, np.uint8)
    parts = [part for image in scaled for part in (strip, image)][1:]
    return np.concatenate(parts, axis=1)


def stacked(*images: np.ndarray, gap: int = 4, background: int = 32) -> np.ndarray:
    """Put images under each other, each at its own size, from the left.

    Args:
        images: each (H, W, 3) uint8.
        gap: pixels between them.
        background: grey level beside and between them.

    Returns:
        (height, width, 3) uint8.

    >>> stacked(np.zeros((4, 5, 3), np.uint8), np.zeros((8, 10, 3), np.uint8), gap=1).shape
    (13, 10, 3)
    """
    width = max(i.shape[1] for i in images)
    field = np.full((sum(i.shape[0] for i in images) + gap * (len(images) - 1), width, 3), background, np.uint8)
    y = 0
    for image in images:
        field[y : y + image.shape[0], : image.shape[1]] = image
        y += image.shape[0] + gap
    return field
