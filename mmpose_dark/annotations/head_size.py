"""The head size that PCKh measures distances in."""

import numpy as np

__all__ = ['HEAD_SIZE_OF_DIAGONAL', 'head_sizes_of_boxes', 'head_sizes_of_corners']

HEAD_SIZE_OF_DIAGONAL = 0.6
"""Head size over the diagonal of the head box, in MPII's and PoseTrack's evaluation scripts."""


def head_sizes_of_corners(corners: np.ndarray) -> np.ndarray:
    """Return the head sizes of MPII's people.

    Args:
        corners: (2, 2, N) ``headboxes_src`` of ``gt_valid.mat``: corner, then x and y in pixels, then person.

    Returns:
        (N,) pixels, float64.

    >>> head_sizes_of_corners(np.array([[[0.0], [0.0]], [[30.0], [40.0]]])).tolist()
    [30.0]
    """
    corners = np.asarray(corners, np.float64)
    return np.linalg.norm(corners[1] - corners[0], axis=0) * HEAD_SIZE_OF_DIAGONAL


def head_sizes_of_boxes(boxes_xywh: np.ndarray) -> np.ndarray:
    """Return the head sizes of PoseTrack's people.

    Args:
        boxes_xywh: (N, 4) head boxes: left, top, width, height in pixels.

    Returns:
        (N,) pixels, float64.

    >>> head_sizes_of_boxes(np.array([[5.0, 5.0, 30.0, 40.0]])).tolist()
    [30.0]
    """
    boxes_xywh = np.asarray(boxes_xywh, np.float64)
    return HEAD_SIZE_OF_DIAGONAL * np.hypot(boxes_xywh[..., 2], boxes_xywh[..., 3])
