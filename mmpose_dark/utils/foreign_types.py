"""Values of packages that are not imported for it: a tensor or a PIL image can only come from one that is loaded."""

import sys

import numpy as np

from .errors import InputTypeError

__all__ = ['as_numbers', 'is_pil_image', 'is_tensor']


def is_tensor(value: object) -> bool:
    """Tell whether ``value`` is a tensor of torch.

    >>> is_tensor(torch.zeros(2)), is_tensor(np.zeros(2))
    (True, False)
    """
    torch = sys.modules.get('torch')
    return torch is not None and isinstance(value, torch.Tensor)


def is_pil_image(value: object) -> bool:
    """Tell whether ``value`` is an image of Pillow.

    >>> is_pil_image('a.jpg')
    False
    """
    pil = sys.modules.get('PIL.Image')
    return pil is not None and isinstance(value, pil.Image)


def as_numbers(value: object, what: str, dtype: type = np.float64) -> np.ndarray:
    """Return an array, a tensor of any device or nested lists of numbers as an array (...).

    Args:
        value: of any shape (...).
        what: how the error calls it.
        dtype: of the result.

    Raises:
        InputTypeError: something else.

    >>> as_numbers(torch.ones(2, requires_grad=True), 'scores').tolist(), as_numbers([[1, 2]], 'keypoints').shape
    ([1.0, 1.0], (1, 2))
    """
    if is_tensor(value):
        value = value.detach().cpu()
        value = (value.double() if value.is_floating_point() else value).numpy()
    try:
        found = np.asarray(value)
    except ValueError as err:  # rows of different lengths
        raise InputTypeError(f'{what} must be an array of numbers, got rows of different lengths') from err
    if found.dtype.kind not in 'biuf':
        raise InputTypeError(f'{what} must be an array of numbers, got {type(value).__name__}')
    return found.astype(dtype, copy=False)
