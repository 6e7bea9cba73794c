"""Non-maximum suppression of boxes."""

import numpy as np

__all__ = ['nms']


def nms(dets: np.ndarray, thr: float) -> list[int]:
    """Keep the boxes with the highest scores of those that overlap.

    Args:
        dets: (N, 5) left, top, right, bottom, score; a pixel is counted into a box with its whole width.
        thr: boxes with an IoU above this are dropped.

    Returns:
        Numbers of the boxes that are kept, the highest score first.

    >>> nms(np.array([[0, 0, 9, 9, 0.5], [0, 0, 9, 8, 0.9], [50, 50, 60, 60, 0.1]]), 0.5)
    [1, 2]
    """
    dets = np.asarray(dets)
    if not len(dets):
        return []
    corners, order = dets[:, :4], dets[:, 4].argsort()[::-1]
    areas = np.prod(corners[:, 2:] - corners[:, :2] + 1, axis=1)
    keep = []
    while len(order):
        best, rest = order[0], order[1:]
        keep.append(int(best))
        size = np.minimum(corners[best, 2:], corners[rest, 2:]) - np.maximum(corners[best, :2], corners[rest, :2]) + 1
        shared = np.prod(np.maximum(size, 0), axis=1)
        order = rest[shared / (areas[best] + areas[rest] - shared) <= thr]
    return keep
