"""Numbers and ids as they stand in files, whatever else may stand in their place."""

from collections.abc import Hashable, Sequence

import numpy as np

from ..annotations import fields

__all__ = ['flat', 'hashable', 'integer', 'number', 'rows_of']


def rows_of(values: Sequence, length: int) -> np.ndarray:
    """Return rows of numbers as an array.

    Args:
        values: a row each, or something else.
        length: D of a row.

    Returns:
        (N, D) float64; NaN in each row that is not D finite numbers.

    >>> rows_of([[1, 2], [3], None, ['x', 4]], 2).tolist()
    [[1.0, 2.0], [nan, nan], [nan, nan], [nan, nan]]
    """
    out = np.full((len(values), length), np.nan)
    for i, row in enumerate(values):
        try:
            if row is not None and len(row) == length:
                out[i] = row
        except (TypeError, ValueError):
            continue
    out[~np.isfinite(out).all(1)] = np.nan
    return out


def flat(points: object) -> list | None:
    """Return the numbers of a list of points one after the other; None where it is no such list.

    >>> flat([[1, 2], [3, 4]]), flat(7)
    ([1, 2, 3, 4], None)
    """
    try:
        return [value for point in points for value in point]
    except TypeError:
        return None


def number(value: object) -> float:
    """Return a finite number, as `annotations.fields` reads it, and NaN for anything else.

    >>> number(3), number('3'), number(True)
    (3.0, 3.0, nan)
    """
    try:
        return float(fields.number(value))
    except fields.FieldError:
        return np.nan


def integer(value: object) -> int:
    """Return a number as an integer, -1 for anything else.

    >>> integer(3), integer(None)
    (3, -1)
    """
    found = number(value)
    return int(found) if abs(found) < 2**62 else -1  # NaN is not


def hashable(value: object) -> Hashable:
    """Return an id as it is, and as text what cannot be one.

    >>> hashable(3), hashable([3])
    (3, '[3]')
    """
    return str(value) if isinstance(value, list | dict) else value
