"""What ONNX person detectors give, and how boxes are read from it: one record a form, and pure functions of arrays.

A new form is a function and a record here.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ['FORMS', 'Form', 'find_form', 'grid_centres']

_YOLOX_STRIDES = (8, 16, 32)
_NANODET_STRIDES = ((8, 16, 32), (8, 16, 32, 64))
Shapes = Sequence[tuple[int, ...]]


@dataclass(frozen=True)
class Form:
    """A form of detectors.

    Attributes:
        name: of it.
        fits: tells from the shapes of the outputs for one image, and (width, height) of the input, whether it is this.
        read: from the outputs of one image, (width, height) of its input, the number of the class and the least score
            to boxes (N, 4), left top right bottom in pixels of the input, and scores (N,) of those that have it.
        needs_nms: whether one person may have several boxes.
        color: order of the channels that the published ones were trained with.
        mean: that is subtracted, in that order.
        std: that it is divided by.
        looks: what its outputs look like, for messages.
    """

    name: str
    fits: Callable[[Shapes, tuple[int, int]], bool]
    read: Callable[[Sequence[np.ndarray], tuple[int, int], int, float], tuple[np.ndarray, np.ndarray]]
    needs_nms: bool
    looks: str
    color: str = 'BGR'
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)


@functools.lru_cache(maxsize=16)
def grid_centres(size: tuple[int, int], strides: Sequence[int]) -> np.ndarray:
    """Return the cells of a detector's grids, row by row, the finest grid first.

    Args:
        size: (width, height) of the input; a last cell may reach beyond it.
        strides: pixels a cell.

    Returns:
        (N, 3) column, row, stride; kept for the next call, not to be changed.

    >>> grid_centres((16, 8), (8,)).tolist()
    [[0.0, 0.0, 8.0], [1.0, 0.0, 8.0]]
    """
    parts = []
    for stride in strides:
        columns, rows = np.meshgrid(np.arange(-(-size[0] // stride)), np.arange(-(-size[1] // stride)))
        parts.append(np.stack([columns.ravel(), rows.ravel(), np.full(columns.size, stride)], 1))
    return np.concatenate(parts).astype(np.float32)


def _fits_boxes5(shapes: Shapes, size: tuple[int, int]) -> bool:
    return len(shapes) in (1, 2) and len(shapes[0]) == 2 and shapes[0][1] == 5 and all(len(s) == 1 for s in shapes[1:])


def _read_boxes5(
    outputs: Sequence[np.ndarray], size: tuple[int, int], label: int, least: float
) -> tuple[np.ndarray, np.ndarray]:
    """Boxes with scores after NMS (N, 5), and in a second output their labels (N,)."""
    found = outputs[0]
    if len(outputs) > 1:
        found = found[outputs[1].astype(np.int64) == label]
    found = found[found[:, 4] >= least]
    return found[:, :4], found[:, 4]


def _fits_yolox(shapes: Shapes, size: tuple[int, int]) -> bool:
    cells = len(grid_centres(size, _YOLOX_STRIDES))
    return len(shapes) == 1 and len(shapes[0]) == 2 and shapes[0][0] == cells and shapes[0][1] > 5


def _read_yolox(
    outputs: Sequence[np.ndarray], size: tuple[int, int], label: int, least: float
) -> tuple[np.ndarray, np.ndarray]:
    """Centres and logarithms of sizes in cells, objectness and classes: (N, 5 + C)."""
    raw = outputs[0]
    scores = raw[:, 4] * raw[:, 5 + label]
    rows = np.flatnonzero(scores >= least)
    raw, cells = raw[rows], grid_centres(size, _YOLOX_STRIDES)[rows]
    stride = cells[:, 2:]
    centres = (raw[:, :2] + cells[:, :2]) * stride
    halves = np.exp(raw[:, 2:4].clip(max=20)) * stride / 2
    return np.concatenate([centres - halves, centres + halves], 1), scores[rows]


def _nanodet_strides(rows: int, size: tuple[int, int]) -> tuple[int, ...] | None:
    return next((strides for strides in _NANODET_STRIDES if len(grid_centres(size, strides)) == rows), None)


def _fits_nanodet(shapes: Shapes, size: tuple[int, int]) -> bool:
    if len(shapes) == 1 and len(shapes[0]) == 2:  # classes and distributions side by side: 80 + 4 * (7 + 1)
        return _nanodet_strides(shapes[0][0], size) is not None and shapes[0][1] == 112
    return (
        len(shapes) == 2
        and all(len(shape) == 2 for shape in shapes)
        and shapes[0][0] == shapes[1][0]
        and shapes[1][1] % 4 == 0
        and _nanodet_strides(shapes[0][0], size) is not None
    )


def _read_nanodet(
    outputs: Sequence[np.ndarray], size: tuple[int, int], label: int, least: float
) -> tuple[np.ndarray, np.ndarray]:
    """Class scores (N, C), and for each side a distribution over its distance in strides (N, 4 * bins)."""
    scores, sides = outputs if len(outputs) == 2 else (outputs[0][:, :80], outputs[0][:, 80:])
    cells = grid_centres(size, _nanodet_strides(len(scores), size))
    scores = scores[:, label]
    rows = np.flatnonzero(scores >= least)
    scores, sides, cells = scores[rows], sides[rows], cells[rows]
    stride = cells[:, 2:]
    # The shared and published files have their priors at the middle of a cell's pixels.
    centres = cells[:, :2] * stride + 0.5 * (stride - 1)
    logits = sides.reshape(len(sides), 4, sides.shape[1] // 4).astype(np.float64)
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    distances = (weights / weights.sum(-1, keepdims=True)) @ np.arange(logits.shape[-1]) * stride
    return np.concatenate([centres - distances[:, :2], centres + distances[:, 2:]], 1), scores


_IMAGENET = dict(mean=(103.53, 116.28, 123.675), std=(57.375, 57.12, 58.395))
FORMS = {
    form.name: form
    for form in (
        Form('boxes5', _fits_boxes5, _read_boxes5, False, 'boxes with scores after NMS (B, N, 5), labels (B, N)'),
        Form('yolox', _fits_yolox, _read_yolox, True, 'one grid (B, cells of strides 8, 16, 32, 5 + classes)'),
        Form(
            'nanodet',
            _fits_nanodet,
            _read_nanodet,
            True,
            'class scores (B, cells, C) and box distributions (B, cells, 4 * bins)',
            **_IMAGENET,
        ),
    )
}


def find_form(shapes: Shapes, size: tuple[int, int]) -> Form | None:
    """Return the form that outputs have, None if they have none of these.

    Args:
        shapes: of the outputs for one image.
        size: (width, height) of the input.

    >>> find_form([(3549, 80), (3549, 44)], (416, 416)).name, find_form([(17, 64, 48)], (192, 256))
    ('nanodet', None)
    """
    return next((form for form in FORMS.values() if form.fits(shapes, size)), None)
