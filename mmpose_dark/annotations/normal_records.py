"""Bringing the fields of many records to their normal form, fast where they are in it already.

A field that is null is the same as one that is not there. The records given are never changed: one that differs from
its normal form is copied.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from . import fields
from .errors import AnnotationError
from .fields import GREATEST_COORDINATE, GREATEST_ID, GREATEST_SIZE, FieldError, Reader

__all__ = ['normal_records']

_SHOWN = 80  # characters of a wrong value


def normal_records(
    records: Sequence[dict], readers: Mapping[str, Reader], label: Callable[[int, dict], str]
) -> list[dict]:
    """Return records whose fields hold what :mod:`fields` says.

    Args:
        records: objects of a file.
        readers: for each field that is looked at the function of :mod:`fields` that reads it.
        label: names a record by its number and itself, for errors.

    Raises:
        AnnotationError: a field holds something else.

    >>> normal_records([dict(id=1, iscrowd='0', area=None)], dict(iscrowd=fields.flag, area=fields.number), str)
    [{'id': 1, 'iscrowd': 0}]
    """
    out = list(records)
    there = set(itertools.chain.from_iterable(records))
    for name, read in readers.items():
        if name not in there:
            continue
        values = [record.get(name) for record in records]
        if _is_normal(read, [value for value in values if value is not None]):
            changed = {i: None for i, value in enumerate(values) if value is None and name in records[i]}
        else:
            changed = _read_each(name, read, values, records, label)
        for i, value in changed.items():
            if out[i] is records[i]:
                out[i] = dict(records[i])
            if value is None:
                del out[i][name]
            else:
                out[i][name] = value
    return out


def _read_each(
    name: str, read: Reader, values: Sequence[object], records: Sequence[dict], label: Callable[[int, dict], str]
) -> dict[int, object]:
    """What the normal form changes: values by number of the record, None where the field is to go."""
    changed: dict[int, object] = {}
    for i, value in enumerate(values):
        if value is None:
            if name in records[i]:
                changed[i] = None
            continue
        try:
            found = read(value)
        except FieldError as err:
            raise AnnotationError(f'{label(i, records[i])}: {name} is {_short(value)}; {err}') from err
        if found is not value:
            changed[i] = found
    return changed


def _short(value: object) -> str:
    try:
        text = repr(value)
    except RecursionError:
        text = f'a {type(value).__name__} of great depth'
    return text if len(text) <= _SHOWN else f'{text[:_SHOWN]} ...'


def _is_normal(read: Reader, values: list) -> bool:
    """Tell at one look whether all values are in normal form; False only means that each must be read."""
    kinds = set(map(type, values))
    if not kinds:
        return True
    if read in (fields.record_id, fields.category):
        return kinds == {int} and _within(values, -GREATEST_ID, GREATEST_ID)
    if read is fields.flag:
        return kinds == {int} and _within(values, 0, 1)
    if read is fields.count:
        return kinds == {int} and _within(values, 0, GREATEST_SIZE)
    if read is fields.size:
        return kinds == {int} and _within(values, 1, GREATEST_SIZE)
    if read is fields.number:
        return kinds <= {int, float} and _all_finite(values)
    if read in (fields.box, fields.coordinates):
        if kinds != {list} or (read is fields.box and set(map(len, values)) != {4}):
            return False
        return _are_coordinates(list(itertools.chain.from_iterable(values)))
    return False


def _within(values: list[int], low: int, high: int) -> bool:
    return low <= min(values) and max(values) <= high


def _all_finite(values: list[float]) -> bool:
    try:
        return math.isfinite(sum(values))  # NaN and infinity stay in a sum; an overflow only costs a closer look
    except OverflowError:
        return False


def _are_coordinates(values: list) -> bool:
    if not values:
        return True
    if not set(map(type, values)) <= {int, float}:
        return False
    try:
        found = np.array(values, np.float64)
    except OverflowError:
        return False
    return found.min() >= -GREATEST_COORDINATE and found.max() <= GREATEST_COORDINATE  # false with NaN
