"""The score of a person, of the score of the box and those of the keypoints."""

import numpy as np

__all__ = ['KEYPOINT_THR', 'pose_scores']

KEYPOINT_THR = 0.2
"""Keypoints with a score up to this do not count (mmpose's ``keypoint_score_thr``)."""


def pose_scores(
    keypoint_scores: np.ndarray, box_scores: np.ndarray | float = 1.0, *, keypoint_thr: float = KEYPOINT_THR
) -> np.ndarray:
    """Score of each person: box score times the mean of the keypoint scores above a threshold, 0 where none is.

    As the COCO evaluation of Simple Baselines, HRNet, DARK and mmpose (``score_mode='bbox_keypoint'``).

    Args:
        keypoint_scores: (N, K), about 0..1.
        box_scores: (N,) or one for all, 0..1.
        keypoint_thr: keypoints with a score up to this do not count.

    Returns:
        (N,) float64.

    >>> pose_scores(np.array([[0.5, 0.7, 0.1], [0.1, 0.0, 0.2]]), np.array([0.5, 1.0])).round(3).tolist()
    [0.3, 0.0]
    """
    keypoint_scores = np.asarray(keypoint_scores, np.float64)
    counted = keypoint_scores > keypoint_thr
    return np.asarray(box_scores, np.float64) * (keypoint_scores * counted).sum(-1) / np.maximum(counted.sum(-1), 1)
