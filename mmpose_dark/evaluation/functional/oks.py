"""Object keypoint similarity between poses."""

import numpy as np

from ...keypoint_sets.builtin.coco import dataset_info

__all__ = ['COCO_SIGMAS', 'keypoint_similarity', 'oks', 'paired_oks']

COCO_SIGMAS = tuple(dataset_info['sigmas'])


def oks(
    a: np.ndarray,
    b: np.ndarray,
    *,
    areas: np.ndarray,
    sigmas: np.ndarray,
    visible: np.ndarray | None = None,
) -> np.ndarray:
    """Object keypoint similarity of every pose in ``a`` with every pose in ``b``.

    ``mean_k exp(-d_k^2 / (2 area (2 sigma_k)^2))``, the mean taken over the counted keypoints: equation of
    https://cocodataset.org/#keypoints-eval.

    Args:
        a: (N, K, 2) keypoints, x and y in pixels.
        b: (M, K, 2) keypoints, x and y in pixels.
        areas: square pixels, any shape that broadcasts to (N, M): ``gt_areas[None]`` for detections against
            ground truth, ``(x[:, None] + x) / 2`` between detections as in NMS.
        sigmas: (K,) spread of each keypoint, as a fraction of the square root of the area.
        visible: boolean, any shape that broadcasts to (N, M, K); the keypoints that are counted. All by default.

    Returns:
        (N, M) similarities in [0, 1]; 0 where no keypoint is counted.

    >>> one = np.array([[[0.0, 0.0], [10.0, 0.0]]])
    >>> oks(one, one + [0.0, 1.0], areas=np.array([[100.0]]), sigmas=np.array([0.1, 0.05])).round(4)
    array([[0.7445]])
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return paired_oks(a[:, None], b[None], areas=areas, sigmas=sigmas, visible=visible)


def paired_oks(
    a: np.ndarray, b: np.ndarray, *, areas: np.ndarray, sigmas: np.ndarray, visible: np.ndarray | None = None
) -> np.ndarray:
    """Object keypoint similarity of pairs of poses.

    Args:
        a: (..., K, 2) keypoints, x and y in pixels.
        b: (..., K, 2) keypoints, x and y in pixels.
        areas: (...) square pixels.
        sigmas: (K,) spread of each keypoint.
        visible: (..., K) boolean, the keypoints that are counted; all by default.

    Returns:
        (...) similarities in [0, 1]; all leading shapes are broadcast.

    >>> paired_oks(np.zeros((1, 2)), np.ones((1, 2)), areas=np.array(100.0), sigmas=np.array([0.1])).round(4).item()
    0.7788
    """
    areas = np.asarray(areas, np.float64)[..., None]
    similarity = keypoint_similarity(a, b, areas=areas, sigmas=sigmas)
    if visible is None:
        return similarity.mean(-1)
    visible = np.broadcast_to(visible, similarity.shape)
    return (similarity * visible).sum(-1) / np.maximum(visible.sum(-1), 1)


def keypoint_similarity(a: np.ndarray, b: np.ndarray, *, areas: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
    """Similarity of pairs of keypoints: ``exp(-d^2 / (2 area (2 sigma)^2))``, the terms of OKS.

    Args:
        a: (..., 2) x and y in pixels.
        b: (..., 2) x and y in pixels.
        areas: (...) square pixels of the person.
        sigmas: (...) spread of the keypoint, as a fraction of the square root of the area.

    Returns:
        (...) in [0, 1]; all leading shapes are broadcast.

    >>> keypoint_similarity(np.zeros(2), np.ones(2), areas=np.array(100.0), sigmas=np.array(0.1)).round(4).item()
    0.7788
    """
    squared = (a[..., 0] - b[..., 0]) ** 2 + (a[..., 1] - b[..., 1]) ** 2
    variances = (2 * np.asarray(sigmas, np.float64)) ** 2
    return np.exp(squared / (-2 * variances * (np.asarray(areas, np.float64) + np.spacing(1))))
