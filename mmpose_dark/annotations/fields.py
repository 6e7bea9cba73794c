"""What a field of an annotation, detection or results file may hold: one function a kind of value.

Each takes a value as json (or a COCO API object) gives it and returns it in its one normal form, or raises
:class:`FieldError`. Numbers may be written as text (``"640"``), which other programs do; they may not be booleans.
"""

import math
from collections.abc import Callable, Sequence

__all__ = [
    'FieldError',
    'box',
    'category',
    'coordinates',
    'count',
    'file_name',
    'flag',
    'number',
    'record_id',
    'records',
    'size',
]

GREATEST_ID = 2**63 - 1
GREATEST_SIZE = 2**31 - 1
GREATEST_COORDINATE = 1e9
"""No image is so large: what lies beyond is no place in pixels, and its square would overflow."""


class FieldError(ValueError):
    """A value that its field may not hold; the message says what is needed."""


def plain(value: object) -> object:
    """Return numbers and arrays of NumPy as Python's, tuples as lists, and anything else as it is.

    >>> import numpy as np
    >>> plain(np.int64(3)), plain((1, 2)), plain('a')
    (3, [1, 2], 'a')
    """
    if hasattr(value, 'tolist'):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value


def number(value: object) -> float | int:
    """Return a finite number.

    >>> number('2.5'), number(7)
    (2.5, 7)
    """
    found = plain(value)
    if isinstance(found, str):
        try:
            found = float(found) if '_' not in found else math.nan
        except ValueError:
            found = math.nan
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise FieldError('a number is needed')
    try:
        finite = math.isfinite(found)
    except OverflowError:  # an integer beyond any float
        finite = False
    if not finite:
        raise FieldError('a finite number is needed; NaN and infinity are none: correct the record')
    return found


def whole(value: object, low: int, high: int, need: str) -> int:
    """Return a whole number from ``low`` to ``high``.

    >>> whole(3.0, 0, 9, 'a digit is needed')
    3
    """
    try:
        found = number(value)
    except FieldError as err:
        raise FieldError(need) from err
    if found != int(found) or not low <= found <= high:
        raise FieldError(need)
    return int(found)


def record_id(value: object) -> int | str:
    """Return an id: a whole number or text.

    >>> record_id(7.0), record_id('a7')
    (7, 'a7')
    """
    found = plain(value)
    if isinstance(found, str) and found:
        return found
    need = 'an id is needed, a whole number or text'
    if isinstance(found, str):
        raise FieldError(need)
    return whole(found, -GREATEST_ID, GREATEST_ID, need)


def category(value: object) -> int | str:
    """Return the id of a category; a number written as text is the number.

    >>> category('1'), category(0), category('person')
    (1, 0, 'person')
    """
    found = record_id(value)
    return int(found) if isinstance(found, str) and found.isascii() and found.isdigit() else found


def count(value: object) -> int:
    """Return a number of things, 0 or more.

    >>> count('17')
    17
    """
    return whole(value, 0, GREATEST_SIZE, 'a whole number, 0 or more, is needed')


def size(value: object) -> int:
    """Return a width or height in pixels.

    >>> size('640'), size(480.0)
    (640, 480)
    """
    return whole(value, 1, GREATEST_SIZE, 'a whole number above 0 is needed (pixels)')


def flag(value: object) -> int:
    """Return 0 or 1 of 0, 1, false, true, also as text.

    >>> flag('0'), flag(True), flag('false'), flag(1.0)
    (0, 1, 0, 1)
    """
    found = plain(value)
    if isinstance(found, bool):
        return int(found)
    if isinstance(found, str) and found.lower() in ('false', 'true'):
        return int(found.lower() == 'true')
    return whole(found, 0, 1, '0 or 1 is needed')


def coordinate(value: object) -> float | int:
    """Return a place in pixels.

    >>> coordinate('-3')
    -3.0
    """
    found = number(value)
    if abs(found) > GREATEST_COORDINATE:
        raise FieldError(f'no image has a place at {found:g}')
    return found


def coordinates(value: object) -> list[float | int]:
    """Return a list of numbers, of any length.

    >>> coordinates([1, '2.5', 2])
    [1, 2.5, 2]
    """
    found = plain(value)
    if not isinstance(found, list):
        raise FieldError('a list of numbers is needed')
    try:
        return [coordinate(item) for item in found]
    except FieldError as err:
        raise FieldError(f'a list of numbers is needed: {err}') from err


def box(value: object) -> list[float | int]:
    """Return left, top, width and height in pixels.

    >>> box([1, 2, '30', 40])
    [1, 2, 30.0, 40]
    """
    found = coordinates(value)
    if len(found) != 4:
        raise FieldError('x, y, width, height are needed')
    return found


def file_name(value: object) -> str:
    r"""Return the name of a file.

    >>> file_name('a.jpg')
    'a.jpg'
    """
    if not isinstance(value, str) or not value:
        raise FieldError('the name of a file is needed')
    if '\0' in value or not _encodable(value):
        raise FieldError('no file can have this name')
    return value


def records(value: object) -> list[dict]:
    """Return a list of objects.

    >>> records([dict(id=1)])
    [{'id': 1}]
    """
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise FieldError('a list of objects is needed')
    return value


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


Reader = Callable[[object], object]
Readers = Sequence[tuple[str, Reader]]
