"""The area of a person where only the box is annotated."""

from typing import TypeVar

import numpy as np

__all__ = ['AREA_OF_BOX', 'area_of_box']

Number = TypeVar('Number', float, np.floating, np.ndarray)

AREA_OF_BOX = 0.53
"""Share of its box that a person covers, on average; what the reference evaluator takes without annotated areas."""


def area_of_box(width: Number, height: Number, share: float = AREA_OF_BOX) -> Number:
    """Return the area that a person is taken to cover.

    Args:
        width: of the box in pixels, a number or an array of any shape such as (N,).
        height: the same.
        share: of the box that is covered.

    Returns:
        Square pixels, of the shape of ``width``.

    >>> area_of_box(10.0, 20.0)
    106.0
    """
    return width * height * share
