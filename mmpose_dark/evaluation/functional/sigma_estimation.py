"""How exactly keypoints are labelled, from people who were labelled twice: the sigmas of object keypoint similarity.

COCO's evaluation measured its sigmas on 5000 images labelled redundantly: "the per-keypoint standard deviation sigma_i
with respect to object scale s: sigma_i^2 = E[d_i^2 / s^2]" (https://cocodataset.org/#keypoints-eval, 1.3).
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

from ...utils.errors import InputError
from .box_iou import box_iou

__all__ = ['LEAST_PAIRS', 'estimate_sigmas', 'pair_people', 'sigma_intervals']

LEAST_PAIRS = 20
"""Pairs of labels of one keypoint at the least: with fewer its sigma is off by more than a sixth."""
_TRIM_LEVEL = 0.75  # quantile of the squared distances that the robust estimate stands on


def estimate_sigmas(squared: np.ndarray, *, robust: bool = True, both_err: bool = True) -> np.ndarray:
    """Estimate sigmas from squared distances between two labels of the same keypoints.

    With d the distance between two annotators who err alike and independently, ``E[d^2]`` is twice that of one of them
    from the truth, so ``sigma^2 = E[d^2 / s^2] / 2``. The distance is in two dimensions: where each annotator errs by a
    standard deviation t along each axis, ``sigma = sqrt(2) t``.

    The robust estimate takes the mean from the 75 % quantile instead: for Gaussian errors ``d^2`` is exponentially
    distributed, so ``mean = quantile / log 4``; up to a tenth of gross mistakes (sides mixed up, another person) move
    it by little, while they dominate the plain mean.

    Args:
        squared: (N, K) of ``d^2 / s^2``, s^2 the area of the person; NaN where a keypoint is not labelled twice.
        robust: whether to use the quantile.
        both_err: divide by 2: both annotators err; False where the second labels are the truth.

    Returns:
        (K,) sigmas, NaN where nothing was labelled twice.

    >>> random = np.random.default_rng(0)
    >>> labels = random.normal(size=(2, 9000, 1, 2)) * 0.05 / 2**0.5  # each of sigma 0.05
    >>> estimate_sigmas(((labels[0] - labels[1]) ** 2).sum(-1)).round(2).tolist()
    [0.05]
    """
    squared = np.asarray(squared, np.float64)
    known = np.where(np.isfinite(squared), squared, np.nan)
    means = np.full(squared.shape[1], np.nan)
    some = ~np.isnan(known).all(0)
    if robust:
        means[some] = np.nanquantile(known[:, some], _TRIM_LEVEL, axis=0) / -np.log(1 - _TRIM_LEVEL)
    else:
        means[some] = np.nanmean(known[:, some], axis=0)
    return np.sqrt(means / (2 if both_err else 1))


def sigma_intervals(
    squared: np.ndarray, *, robust: bool = True, both_err: bool = True, draws: int = 500, seed: int = 0
) -> np.ndarray:
    """Return 95 % intervals (K, 2) of `estimate_sigmas`, by drawing people with replacement.

    Args:
        squared: as of `estimate_sigmas`.
        robust: the same.
        both_err: the same.
        draws: of the bootstrap.
        seed: of the draws.

    >>> sigma_intervals(np.full((30, 1), 0.02), robust=False).round(3).tolist()
    [[0.1, 0.1]]
    """
    random = np.random.default_rng(seed)
    found = np.stack(
        [
            estimate_sigmas(squared[random.integers(0, len(squared), len(squared))], robust=robust, both_err=both_err)
            for _ in range(draws)
        ]
    )
    ends = np.full((squared.shape[1], 2), np.nan)
    some = np.isfinite(found).any(0)
    ends[some] = np.nanquantile(found[:, some], (0.025, 0.975), axis=0).T
    return ends


def pair_people(boxes_a: np.ndarray, boxes_b: np.ndarray, *, least_iou: float = 0.5) -> np.ndarray:
    """Return pairs (M, 2) of the people of one image in two files, the best overlap first, each once.

    Args:
        boxes_a: (N, 4) left, top, right, bottom in pixels.
        boxes_b: (L, 4) the same in the other file.
        least_iou: pairs that overlap less are none.

    Raises:
        InputError: ``least_iou`` is not within 0 and 1.

    >>> pair_people(np.array([[0, 0, 9, 9], [50, 0, 60, 9]]), np.array([[51, 0, 60, 9]])).tolist()
    [[1, 0]]
    """
    if not 0 < least_iou < 1:
        raise InputError(f'least_iou must lie within 0 and 1, not {least_iou:g}')
    if not len(boxes_a) or not len(boxes_b):
        return np.zeros((0, 2), int)
    overlaps = box_iou(np.asarray(boxes_a, np.float64), np.asarray(boxes_b, np.float64))
    pairs = np.stack(linear_sum_assignment(-overlaps), 1)
    return pairs[overlaps[tuple(pairs.T)] >= least_iou]
