"""Columns of COCO-style records (annotations or results) as arrays, with messages that name the record."""

from collections.abc import Sequence

import numpy as np

from ...keypoint_sets.wholebody_parts import WHOLEBODY_FIELDS
from ...utils.errors import InputError

__all__ = ['box_column', 'id_column', 'keypoint_column']


def id_column(values: Sequence[int | str]) -> np.ndarray:
    """Return ids as an array (N,).

    Raises:
        ValueError: numbers and strings are mixed.

    >>> id_column([3, 4])
    array([3, 4])
    """
    if len(values) == 0:
        return np.zeros(0, np.int64)
    array = np.asarray(values)
    # a mixture of numbers and strings becomes strings in numpy, and would match what it should not
    if array.dtype.kind in 'US' and not all(isinstance(v, str) for v in values):
        types = ' and '.join(sorted({type(v).__name__ for v in values}))
        raise InputError(f'ids must be all numbers or all strings, got {types}')
    return array


def keypoint_column(records: Sequence[dict], name: str, what: str, *, wholebody: bool = False) -> np.ndarray:
    """Return the keypoints of annotations or results.

    Args:
        records: annotations or results.
        name: where they were read from, for messages.
        what: a record is called.
        wholebody: join body, foot, face and hand keypoints to 133.

    Returns:
        (N, K, 3): x, y in pixels, and the label or the score; zeros where no keypoints are annotated.

    Raises:
        ValueError: a record has none, or another number than the first.

    >>> keypoint_column([dict(keypoints=[1, 2, 0.5])], 'a list', 'result').tolist()
    [[[1.0, 2.0, 0.5]]]
    """
    if not records:
        return np.zeros((0, sum(WHOLEBODY_FIELDS.values()) if wholebody else 0, 3))
    if not wholebody:
        return _keypoint_field(records, 'keypoints', name, what)
    # of whom the body is not annotated nothing is
    records = [r if r.get('keypoints') else {**r, **{field: [] for field in WHOLEBODY_FIELDS}} for r in records]
    return np.concatenate([_keypoint_field(records, field, name, what) for field in WHOLEBODY_FIELDS], 1)


def _keypoint_field(records: Sequence[dict], field: str, name: str, what: str) -> np.ndarray:
    rows = [r.get(field) for r in records]
    length = next((np.size(r) for r in rows if r), 0)
    for i, (record, row) in enumerate(zip(records, rows, strict=True)):
        if not row:
            if row is None and field != 'keypoints' and not record.get('iscrowd'):
                raise InputError(f'{_label(record, i, name, what)} has no {field!r}; it has {sorted(record)}')
            rows[i] = [0.0] * length
        elif len(row) != length and np.size(row) != length:
            raise InputError(
                f'{_label(record, i, name, what)} has {np.size(row)} numbers in {field!r}, the first one has {length}'
            )
    if length == 0 or length % 3:
        raise InputError(
            f'{name}: {length} numbers in {field!r}; expected x, y and v of each keypoint, a multiple of 3'
        )
    return np.array(rows, np.float64).reshape(len(rows), -1, 3)


def box_column(records: Sequence[dict], name: str, what: str) -> np.ndarray:
    """Return the boxes of annotations or results.

    Args:
        records: annotations or results.
        name: where they were read from, for messages.
        what: a record is called.

    Returns:
        (N, 4) left, top, width, height in pixels.

    Raises:
        ValueError: a record has no box of four numbers.

    >>> box_column([dict(bbox=[1, 2, 30, 40])], 'a list', 'annotation').tolist()
    [[1.0, 2.0, 30.0, 40.0]]
    """
    boxes = [r.get('bbox') for r in records]
    for i, box in enumerate(boxes):
        if box is None or len(box) != 4:
            raise InputError(
                f'{_label(records[i], i, name, what)} has no box of 4 numbers (left, top, width, height) '
                f"in 'bbox', but {box!r}"
            )
    return np.array(boxes, np.float64).reshape(-1, 4)


def _label(record: dict, number: int, name: str, what: str) -> str:
    return f'{name}: {what} {record.get("id", number)} (image {record.get("image_id")})'
