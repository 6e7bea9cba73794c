"""Frames as they are to be seen: a video says by a matrix how to turn and mirror them."""

from collections.abc import Sequence

import numpy as np

__all__ = ['upright']


def upright(image: np.ndarray, matrix: Sequence[int] | np.ndarray) -> np.ndarray:
    """Turn and mirror a frame as the display matrix of its video says.

    A phone that is held on its side writes the frames as its sensor sees them, and such a matrix.

    Args:
        image: (H, W, 3), as stored; not modified.
        matrix: 9 numbers ``a, b, u, c, d, v, x, y, w`` of ISO/IEC 14496-12, 8.3.2: the point (x, y) is shown at
            (a x + c y, b x + d y). What is no quarter turn is rounded to one; the shift is not used.

    Returns:
        (H, W, 3) or (W, H, 3), without gaps in memory.

    >>> wide = np.arange(6).reshape(1, 2, 3)
    >>> upright(wide, [0, 1, 0, -1, 0, 0, 0, 0, 1])[:, :, 0].tolist()
    [[0], [3]]
    """
    a, b, _, c, d = np.asarray(matrix)[:5].tolist()
    across, down = a, d
    if abs(b) + abs(c) > abs(a) + abs(d):
        image = image.transpose(1, 0, 2)
        across, down = c, b
    if across < 0:
        image = image[:, ::-1]
    if down < 0:
        image = image[::-1]
    return np.ascontiguousarray(image)
