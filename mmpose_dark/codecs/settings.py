"""Checks of what a codec is built with."""

from collections.abc import Sequence

import numpy as np

from ..utils.errors import InputError, InputTypeError

__all__ = ['checked_blur_kernel', 'checked_positive', 'checked_size']


def checked_size(codec: str, name: str, value: Sequence[int] | np.ndarray) -> tuple[int, int]:
    """Return a size as (width, height).

    Args:
        codec: name of the class, for messages.
        name: of the argument.
        value: shape (2,), both positive whole numbers.

    Raises:
        InputTypeError: not two whole numbers.
        InputError: one is not positive.

    >>> checked_size('MSRAHeatmap', 'input_size', [192, 256])
    (192, 256)
    """
    numbers = list(value) if isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, str) else []
    if len(numbers) != 2 or not all(_is_whole(v) for v in numbers):
        raise InputTypeError(f'{codec}: {name} must be (width, height), two whole numbers, got {value!r}')
    if min(numbers) < 1:
        raise InputError(f'{codec}: {name} must be positive, got {value!r}')
    return int(numbers[0]), int(numbers[1])


def checked_positive(codec: str, name: str, value: float, *, unit: str = '') -> float:
    """Return a positive finite number as it is.

    Raises:
        InputError: it is none.

    >>> checked_positive('MSRAHeatmap', 'sigma', 2, unit=' of heatmap pixels')
    2
    """
    is_number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not (is_number and 0 < value < float('inf')):
        raise InputError(f'{codec}: {name} must be a positive number{unit}, got {value!r}')
    return value


def checked_blur_kernel(codec: str, value: int) -> int:
    """Return the size of a blur kernel.

    Raises:
        InputError: it is not positive and odd.

    >>> checked_blur_kernel('MSRAHeatmap', 11)
    11
    """
    if not (_is_whole(value) and value > 0 and value % 2):
        raise InputError(
            f'{codec}: blur_kernel_size must be a positive odd number, got {value!r}; '
            'the zoo uses 11 with sigma 2 and 17 with sigma 3'
        )
    return int(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
