"""Accuracy of keypoints by their distance to the ground truth: PCK, AUC, EPE and NME."""

import numpy as np

from ...utils.errors import InputError

__all__ = ['keypoint_auc', 'keypoint_distances', 'keypoint_epe', 'keypoint_nme', 'keypoint_pck_accuracy']


def keypoint_distances(pred: np.ndarray, gt: np.ndarray, mask: np.ndarray, norm_factor: np.ndarray) -> np.ndarray:
    """Distances between predicted and true keypoints, in units of a length of the person.

    Args:
        pred: (N, K, 2) x, y in pixels.
        gt: (N, K, 2) x, y in pixels.
        mask: (N, K) boolean, the keypoints that count.
        norm_factor: (N, 2) length along x and y, or (N, 1) for both; a person with a length that is not positive
            does not count. Not modified.

    Returns:
        (N, K) distances, NaN where the keypoint does not count.

    Raises:
        ValueError: shapes do not fit, or a prediction that counts is not finite.

    >>> keypoint_distances(np.array([[[3.0, 4.0]]]), np.zeros((1, 1, 2)), np.ones((1, 1)), np.array([[10.0]]))
    array([[0.5]])
    """
    pred, gt = np.asarray(pred, np.float64), np.asarray(gt, np.float64)
    mask, norm_factor = np.asarray(mask, bool), np.asarray(norm_factor, np.float64)
    if pred.shape != gt.shape or pred.ndim != 3 or pred.shape[2] != 2:
        raise InputError(f'pred {pred.shape} and gt {gt.shape} must both be (N, K, 2)')
    if mask.shape != pred.shape[:2]:
        raise InputError(f'mask {mask.shape} must be (N, K) = {pred.shape[:2]}')
    if norm_factor.ndim != 2 or len(norm_factor) != len(pred) or norm_factor.shape[1] not in (1, 2):
        raise InputError(f'norm_factor {norm_factor.shape} must be (N, 2) or (N, 1) with N = {len(pred)}')
    counted = mask & (norm_factor > 0).all(1)[:, None]
    lost = counted & ~np.isfinite(pred).all(-1)
    if lost.any():
        person, keypoint = (int(i) for i in np.argwhere(lost)[0])
        raise InputError(
            f'{int(lost.sum())} predicted keypoints are NaN or infinite, the first is keypoint {keypoint} of person '
            f'{person}: {pred[person, keypoint]}'
        )
    safe = np.where(norm_factor > 0, norm_factor, 1.0)
    with np.errstate(invalid='ignore'):
        return np.where(counted, np.linalg.norm((pred - gt) / safe[:, None], axis=-1), np.nan)


def keypoint_pck_accuracy(
    pred: np.ndarray,
    gt: np.ndarray,
    mask: np.ndarray,
    thr: np.ndarray | float,
    norm_factor: np.ndarray,
) -> tuple[np.ndarray, float, int]:
    """Share of keypoints nearer than ``thr`` lengths to the truth: PCK, or PCKh where the length is the head's.

    As mmpose 1.x (strictly nearer; the average is over keypoints that occur, each with the same weight).

    Args:
        pred: (N, K, 2) x, y in pixels.
        gt: (N, K, 2) x, y in pixels.
        mask: (N, K) boolean, the keypoints that count.
        thr: threshold; one value.
        norm_factor: (N, 2) or (N, 1) length of each person in pixels. Not modified.

    Returns:
        (K,) accuracy of each keypoint, -1 where it never occurs; their mean, 0 where there is none; the number of
        keypoints that occur.

    >>> gt = np.zeros((1, 2, 2))
    >>> keypoint_pck_accuracy(gt + [[[0.0, 1.0], [0.0, 3.0]]], gt, np.ones((1, 2)), 0.2, np.array([[10.0, 10.0]]))
    (array([1., 0.]), 0.5, 2)
    """
    distances = keypoint_distances(pred, gt, mask, norm_factor)
    counts = np.isfinite(distances).sum(0)
    hits = (distances < thr).sum(0)  # NaN compares as false
    accuracy = np.where(counts > 0, hits / np.maximum(counts, 1), -1.0)
    occurs = counts > 0
    return accuracy, float(accuracy[occurs].mean()) if occurs.any() else 0.0, int(occurs.sum())


def keypoint_auc(
    pred: np.ndarray, gt: np.ndarray, mask: np.ndarray, norm_factor: float | np.ndarray, *, num_thrs: int = 20
) -> float:
    """Area under the curve of PCK over thresholds 0, 1/n, ... (n-1)/n lengths (as mmpose 1.x).

    Args:
        pred: (N, K, 2) x, y in pixels.
        gt: (N, K, 2) x, y in pixels.
        mask: (N, K) boolean, the keypoints that count.
        norm_factor: the length in pixels, one for all or (N, 2).
        num_thrs: the number n of thresholds.

    >>> gt = np.zeros((1, 1, 2))
    >>> keypoint_auc(gt + [3.0, 4.0], gt, np.ones((1, 1)), 10.0, num_thrs=4)
    0.25
    """
    norm = np.broadcast_to(np.asarray(norm_factor, np.float64), (len(pred), 2))
    distances = keypoint_distances(pred, gt, mask, norm)
    counts = np.isfinite(distances).sum(0)
    occurs = counts > 0
    if not occurs.any():
        return 0.0
    thrs = np.arange(num_thrs) / num_thrs
    hits = (distances[None] < thrs[:, None, None]).sum(1)
    return float((hits[:, occurs] / counts[occurs]).mean())


def keypoint_epe(pred: np.ndarray, gt: np.ndarray, mask: np.ndarray) -> float:
    """Mean distance in pixels over all keypoints that count (end-point error, as mmpose 1.x); 0 if none does.

    Args:
        pred: (N, K, 2) x, y in pixels.
        gt: (N, K, 2) x, y in pixels.
        mask: (N, K) boolean, the keypoints that count.

    >>> keypoint_epe(np.array([[[3.0, 4.0]]]), np.zeros((1, 1, 2)), np.ones((1, 1)))
    5.0
    """
    return _mean(keypoint_distances(pred, gt, mask, np.ones((len(pred), 1))))


def keypoint_nme(pred: np.ndarray, gt: np.ndarray, mask: np.ndarray, normalize_factor: np.ndarray) -> float:
    """Mean distance over all keypoints that count, in lengths of the person (as mmpose 1.x); 0 if none does.

    Args:
        pred: (N, K, 2) x, y in pixels.
        gt: (N, K, 2) x, y in pixels.
        mask: (N, K) boolean, the keypoints that count.
        normalize_factor: (N, 2) or (N, 1) length of each person in pixels.

    >>> keypoint_nme(np.array([[[3.0, 4.0]]]), np.zeros((1, 1, 2)), np.ones((1, 1)), np.array([[10.0]]))
    0.5
    """
    return _mean(keypoint_distances(pred, gt, mask, normalize_factor))


def _mean(distances: np.ndarray) -> float:
    counted = distances[np.isfinite(distances)]
    return float(counted.mean()) if counted.size else 0.0
