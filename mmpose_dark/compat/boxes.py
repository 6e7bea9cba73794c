"""Geometry of boxes and keypoints that mmpose 1.x has and nothing here needs, as functions of arrays."""

import numpy as np

from ..utils.errors import InputError

__all__ = [
    'bbox_clip_border',
    'bbox_corner2xyxy',
    'bbox_xyxy2corner',
    'keypoint_clip_border',
]


def bbox_clip_border(bbox: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Cut boxes (or corners) at the border of an image.

    Args:
        bbox: (N, 4) xyxy, or (N, 4, 2) corners, pixels; not modified.
        shape: width and height of the image.

    Returns:
        The same shape.

    >>> bbox_clip_border(np.array([[-2.0, 3.0, 99.0, 8.0]]), (10, 20)).tolist()
    [[0.0, 3.0, 10.0, 8.0]]
    """
    bbox = np.asarray(bbox)
    limit = np.asarray(shape[:2], bbox.dtype)
    return np.clip(bbox, 0, limit if bbox.shape[-1] == 2 else np.tile(limit, 2))


def bbox_xyxy2corner(bbox: np.ndarray) -> np.ndarray:
    """Return the four corners of boxes: left upper, left lower, right upper, right lower.

    Args:
        bbox: (N, 4) or (4,) xyxy.

    Returns:
        (N, 4, 2) or (4, 2).

    >>> bbox_xyxy2corner(np.array([1, 2, 3, 4])).tolist()
    [[1, 2], [1, 4], [3, 2], [3, 4]]
    """
    bbox = np.asarray(bbox)
    if bbox.shape[-1] != 4:
        raise InputError(f'bbox must be (N, 4) or (4,), got {bbox.shape}')
    return bbox[..., [[0, 1], [0, 3], [2, 1], [2, 3]]]


def bbox_corner2xyxy(bbox: np.ndarray) -> np.ndarray:
    """Return the upright boxes around corners.

    Args:
        bbox: (N, 4, 2) or (4, 2) corners.

    Returns:
        (N, 4) or (4,) xyxy.

    >>> bbox_corner2xyxy(np.array([[1, 2], [3, 2], [1, 4], [3, 4]])).tolist()
    [1, 2, 3, 4]
    """
    bbox = np.asarray(bbox)
    if bbox.shape[-2:] != (4, 2):
        raise InputError(f'bbox must be (N, 4, 2) or (4, 2), got {bbox.shape}')
    return np.concatenate([bbox.min(-2), bbox.max(-2)], axis=-1)


def keypoint_clip_border(
    keypoints: np.ndarray, keypoints_visible: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Set the labels of keypoints outside of the image to zero.

    Args:
        keypoints: (N, K, 2) pixels.
        keypoints_visible: (N, K) labels, or (N, K, 2) labels and weights; not modified.
        shape: width and height of the image.

    Returns:
        ``keypoints`` and the new labels.

    >>> keypoint_clip_border(np.array([[[3.0, 3.0], [12.0, 3.0]]]), np.ones((1, 2)), (10, 10))[1].tolist()
    [[1.0, 0.0]]
    """
    outside = ((keypoints < 0) | (keypoints > np.asarray(shape[:2]))).any(-1)
    labels = np.array(keypoints_visible)
    if labels.ndim == 2:
        labels[outside] = 0
    else:
        labels[outside, 0] = 0
    return keypoints, labels
