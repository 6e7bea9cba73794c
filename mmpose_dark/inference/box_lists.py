"""Boxes of several images as a caller gives them: a list for each, or a function."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ..utils.errors import InputTypeError
from .box_files import BoxFile

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ['Boxes', 'box_lists']

Boxes: TypeAlias = 'np.typing.ArrayLike | Tensor | None'
BoxLists: TypeAlias = Callable[[str], Boxes] | Iterable[Boxes] | None


def box_lists(given: 'BoxLists | BoxFile', *, one_image: bool) -> BoxLists:
    """Return what gives the boxes of each image: a function from its path, or one list an image.

    Args:
        given: such a function, a file of boxes, or lists; for one image its own boxes (N, 4) or (N, 5) too.
        one_image: whether there is one image only.

    Raises:
        InputTypeError: none of these.

    >>> box_lists([[1, 2, 3, 4]], one_image=True), box_lists([[[1, 2, 3, 4]], None], one_image=False)
    ([[[1, 2, 3, 4]]], [[[1, 2, 3, 4]], None])
    """
    if given is None or callable(given):
        return given
    if isinstance(given, BoxFile):
        return lambda path: given.boxes_for(path) or []
    if isinstance(given, str | bytes | os.PathLike | Mapping) or not isinstance(given, Iterable):
        raise InputTypeError(
            'bboxes must be a list with one list of boxes an image, or a function from the path of an image to its '
            f'boxes, got {type(given).__name__}' + ('; read_boxes reads files' if isinstance(given, str) else '')
        )
    return [given] if one_image and _is_of_one(given) else given


def _is_of_one(given: Iterable) -> bool:
    """Whether these are boxes (N, 4), not a list of such."""
    if hasattr(given, 'ndim'):
        return given.ndim == 2
    if not isinstance(given, Sequence):
        return False
    first = given[0] if given else []
    return not given or (hasattr(first, '__len__') and len(first) > 0 and _is_number(first[0]))


def _is_number(value: object) -> bool:
    return isinstance(value, Real | np.number) or getattr(value, 'ndim', None) == 0
