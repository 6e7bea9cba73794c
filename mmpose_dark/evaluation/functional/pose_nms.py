"""Non-maximum suppression of poses by their object keypoint similarity (OKS).

The functions of one image take mmpose's list of dicts; the ``grouped_`` ones take the arrays of a whole
dataset, with the image of each pose in ``groups``, and are what the metrics call.
"""

from collections.abc import Callable, Sequence

import numpy as np

from .oks import COCO_SIGMAS, paired_oks

__all__ = ['grouped_oks_nms', 'grouped_soft_oks_nms', 'oks_nms', 'soft_oks_nms']


def grouped_oks_nms(
    keypoints: np.ndarray,
    scores: np.ndarray,
    *,
    areas: np.ndarray,
    groups: np.ndarray,
    thr: float,
    sigmas: np.ndarray,
    vis_thr: float | None = None,
) -> np.ndarray:
    """Drop, image by image, each pose too similar to a better one that stays.

    Two poses are too similar when their OKS, with the mean of both areas, is above ``thr`` (as mmpose 1.x).

    Args:
        keypoints: (N, K, 2 or 3) x and y in pixels, and the keypoint's score where ``vis_thr`` is used.
        scores: (N,) score of each pose.
        areas: (N,) square pixels.
        groups: (N,) number of the image that each pose is in.
        thr: greatest OKS at which both poses stay.
        sigmas: (K,) spread of each keypoint.
        vis_thr: count only keypoints whose score is above this in both poses; all by default.

    Returns:
        Indices (M,) of the poses that stay, by image, best first.

    >>> same = np.ones((3, 2, 2))
    >>> who = dict(areas=np.full(3, 9.0), groups=np.array([0, 0, 1]), thr=0.9, sigmas=np.array([0.1, 0.1]))
    >>> grouped_oks_nms(same, np.array([0.5, 0.9, 0.7]), **who)
    array([1, 2])
    """
    order = _best_first(scores, groups)
    xy, areas = np.asarray(keypoints, np.float64)[order], np.asarray(areas, np.float64)[order]
    rank, first, second = _pairs(np.asarray(groups)[order])
    close = _similar_pairs(xy, areas, (first, second), thr=thr, sigmas=sigmas, vis_thr=vis_thr)
    first, second = first[close], second[close]
    alive = np.ones(len(order), bool)
    for r in np.unique(rank[first]):  # a pose of rank r is decided once those of lower rank are
        chosen = (rank[first] == r) & alive[first]
        alive[second[chosen]] = False
    return order[alive]


def grouped_soft_oks_nms(
    keypoints: np.ndarray,
    scores: np.ndarray,
    *,
    areas: np.ndarray,
    groups: np.ndarray,
    thr: float,
    sigmas: np.ndarray,
    vis_thr: float | None = None,
    max_dets: int = 20,
) -> np.ndarray:
    """Pick, image by image, the best pose and lower the scores of those similar to it, up to ``max_dets`` times.

    Each pick multiplies the others' scores by ``exp(-OKS^2 / thr)``. The lowered scores only decide the order
    and who is left out; they are not returned (as mmpose 1.x). Arguments as in :func:`grouped_oks_nms`: keypoints
    (N, K, 2 or 3), scores, areas and groups (N,), sigmas (K,).

    Returns:
        Indices of the poses picked, by image, in the order of picking.
    """
    order = _best_first(scores, groups)
    points, areas = np.asarray(keypoints, np.float64)[order], np.asarray(areas, np.float64)[order]
    current = np.asarray(scores, np.float64)[order]
    _, starts, sizes = np.unique(np.asarray(groups)[order], return_index=True, return_counts=True)
    row = np.repeat(np.arange(len(sizes)), sizes)
    column = np.arange(len(order)) - starts[row]
    table = np.full((len(sizes), sizes.max(initial=0)), -np.inf)  # one row a image, -inf: empty or picked
    table[row, column] = current
    picked = np.full((len(sizes), min(max_dets, table.shape[1])), -1)
    for step in range(picked.shape[1]):
        rows = np.flatnonzero(step < sizes)
        best = table[rows].argmax(1)
        picked[rows, step] = starts[rows] + best
        table[rows, best] = -np.inf
        left_row, left_column = np.nonzero(table > -np.inf)
        mine, other = picked[left_row, step], starts[left_row] + left_column
        overlap = _pair_oks(points, areas, (mine, other), sigmas=sigmas, vis_thr=vis_thr)
        table[left_row, left_column] *= np.exp(-(overlap**2) / thr)
    return order[picked[picked >= 0]]


def oks_nms(
    kpts_db: Sequence[dict],
    thr: float,
    *,
    sigmas: np.ndarray | None = None,
    vis_thr: float | None = None,
    score_per_joint: bool = False,
) -> np.ndarray:
    """OKS-NMS of the poses of one image (mmpose 1.x's name and form).

    Args:
        kpts_db: one dict a pose: ``keypoints`` (K, 3) x, y in pixels and score, ``score``, ``area`` in square pixels.
        thr: greatest OKS at which two poses both stay.
        sigmas: (K,) spread of each keypoint; COCO's by default.
        vis_thr: count only keypoints whose score is above this in both poses; all by default.
        score_per_joint: ``score`` is a list over keypoints, whose mean is used.

    Returns:
        Indices of the poses that stay, best first.

    >>> pose = dict(keypoints=np.ones((17, 3)), score=0.9, area=100.0)
    >>> oks_nms([pose, dict(pose, score=0.8), dict(pose, keypoints=np.full((17, 3), 50.0))], 0.9)
    array([2, 0])
    """
    return _of_one_image(grouped_oks_nms, kpts_db, sigmas, score_per_joint, thr=thr, vis_thr=vis_thr)


def soft_oks_nms(
    kpts_db: Sequence[dict],
    thr: float,
    *,
    max_dets: int = 20,
    sigmas: np.ndarray | None = None,
    vis_thr: float | None = None,
    score_per_joint: bool = False,
) -> np.ndarray:
    """Soft OKS-NMS of the poses of one image (mmpose 1.x's name and form).

    ``max_dets`` is the number of poses to pick; the other arguments are those of :func:`oks_nms`, ``sigmas`` (K,).

    Returns:
        Indices (M,) of the poses picked, in the order of picking.

    >>> pose = dict(keypoints=np.ones((17, 3)), score=0.9, area=100.0)
    >>> soft_oks_nms([pose, dict(pose, score=0.8), dict(pose, score=0.7)], 0.9, max_dets=2)
    array([0, 1])
    """
    return _of_one_image(
        grouped_soft_oks_nms, kpts_db, sigmas, score_per_joint, thr=thr, vis_thr=vis_thr, max_dets=max_dets
    )


def _of_one_image(
    function: Callable[..., np.ndarray],
    kpts_db: Sequence[dict],
    sigmas: np.ndarray | None,
    score_per_joint: bool,
    **kwargs: float | None,
) -> np.ndarray:
    if len(kpts_db) == 0:
        return np.zeros(0, np.intp)
    keypoints = np.stack([np.asarray(k['keypoints'], np.float64).reshape(-1, 3) for k in kpts_db])
    scores = np.array([np.mean(k['score']) if score_per_joint else k['score'] for k in kpts_db], np.float64)
    return function(
        keypoints,
        scores,
        areas=np.array([k['area'] for k in kpts_db], np.float64),
        groups=np.zeros(len(kpts_db), int),
        sigmas=np.asarray(COCO_SIGMAS if sigmas is None else sigmas),
        **kwargs,
    )


def _best_first(scores: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Sort by image, then falling score; of equal scores the later comes first (as the references' reversal)."""
    scores = np.asarray(scores, np.float64)
    later_first = np.arange(len(scores) - 1, -1, -1)
    return np.lexsort((later_first, -scores, np.asarray(groups)))


def _pairs(groups: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rank of each pose in its image, and all pairs (better, worse) of the same image. ``groups`` is sorted."""
    _, starts, sizes = np.unique(groups, return_index=True, return_counts=True)
    rank = np.arange(len(groups)) - np.repeat(starts, sizes)
    after = np.repeat(sizes, sizes) - rank - 1  # poses that come after each one
    first = np.repeat(np.arange(len(groups)), after)
    second = np.arange(len(first)) - np.repeat(np.cumsum(after) - after, after) + first + 1
    return rank, first, second


def _similar_pairs(
    points: np.ndarray,
    areas: np.ndarray,
    pairs: tuple[np.ndarray, np.ndarray],
    *,
    thr: float,
    sigmas: np.ndarray,
    vis_thr: float | None,
) -> np.ndarray:
    """Indices of the pairs whose OKS is above ``thr``.

    Without ``vis_thr`` a few keypoints rule most pairs out: no keypoint adds more than 1/K, so a pair that
    has lost more than 1 - thr on some of them cannot reach thr with the rest.
    """
    first, second = pairs
    k = points.shape[1]
    remaining = np.arange(len(first))
    few = int(np.ceil(k * max(0.0, 1 - thr)))
    for size in (few, 3 * few):
        if vis_thr is None and 0 < size <= k // 2:
            some = np.linspace(0, k - 1, size).astype(int)
            now = first[remaining], second[remaining]
            part = _pair_oks(points[:, some], areas, now, sigmas=np.asarray(sigmas)[some], vis_thr=None)
            remaining = remaining[part * size + (k - size) > thr * k - 1e-9]
    similarity = _pair_oks(points, areas, (first[remaining], second[remaining]), sigmas=sigmas, vis_thr=vis_thr)
    return remaining[similarity > thr]


def _pair_oks(
    points: np.ndarray,
    areas: np.ndarray,
    pairs: tuple[np.ndarray, np.ndarray],
    *,
    sigmas: np.ndarray,
    vis_thr: float | None,
) -> np.ndarray:
    """(P,) OKS of P pairs of poses (indices into ``points`` and ``areas``)."""
    out = np.empty(len(pairs[0]))
    step = max(1, 300_000 // points.shape[1])  # what is worked on stays in the cache
    for start in range(0, len(out), step):
        i, j = (p[start : start + step] for p in pairs)
        visible = None if vis_thr is None else ((points[i, :, 2] > vis_thr) & (points[j, :, 2] > vis_thr))
        a, b, mean_area = points[i, :, :2], points[j, :, :2], (areas[i] + areas[j]) / 2
        out[start : start + step] = paired_oks(a, b, areas=mean_area, sigmas=sigmas, visible=visible)
    return out
