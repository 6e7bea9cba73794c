"""Points in polygons."""

from collections.abc import Sequence

import numpy as np

__all__ = ['inside_any']


def inside_any(xy: np.ndarray, polygons: Sequence[np.ndarray]) -> np.ndarray:
    """Whether points lie inside any polygon, by counting the edges that a ray to the right crosses.

    Args:
        xy: (..., 2) points.
        polygons: corners of each, (P, 2).

    Returns:
        (...) boolean.

    >>> inside_any(np.array([[1.0, 1.0], [9.0, 1.0]]), [np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 3.0], [0.0, 3.0]])])
    array([ True, False])
    """
    x, y = xy[..., 0, None], xy[..., 1, None]
    inside = np.zeros(xy.shape[:-1], bool)
    for polygon in polygons:
        (ax, ay), (bx, by) = polygon.T, np.roll(polygon, -1, 0).T
        spans = (ay > y) != (by > y)
        with np.errstate(divide='ignore', invalid='ignore'):
            crosses = x < (bx - ax) * (y - ay) / (by - ay) + ax
        inside |= (spans & crosses).sum(-1) % 2 == 1
    return inside
