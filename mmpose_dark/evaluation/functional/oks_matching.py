"""Who was found by which detection: the matching of the COCO API, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import keypoint_extent
from .oks import keypoint_similarity, paired_oks
from .oks_problem import MAX_DETECTIONS, OksProblem

__all__ = ['AREA_RANGES', 'OKS_THRESHOLDS', 'OksMatches', 'match_people', 'pair_similarities']

OKS_THRESHOLDS = tuple(np.linspace(0.5, 0.95, 10).tolist())
AREA_RANGES = ((0.0, 1e10), (32.0**2, 96.0**2), (96.0**2, 1e10))  # all, medium, large, in square pixels
_PAIR_NUMBERS_AT_ONCE = 1 << 16  # so many stay in a processor's cache
_CELLS_AT_ONCE = 1 << 21


@dataclass(frozen=True)
class OksMatches:
    """Which labelled person each detection is matched with; T thresholds of OKS, A ranges of area.

    Attributes:
        problem: the people, N detections and G labelled ones.
        thresholds: (T,) least OKS of a match.
        gt: (A, T, N) row of the labelled person, -1 for nobody.
        oks: (A, T, N) OKS with that person, 0 for nobody.
        dt_ignored: (A, T, N) boolean: counts neither as right nor as wrong.
        gt_ignored: (A, G) boolean: is not looked for.
    """

    problem: OksProblem
    thresholds: np.ndarray
    gt: np.ndarray
    oks: np.ndarray
    dt_ignored: np.ndarray
    gt_ignored: np.ndarray


def match_people(
    problem: OksProblem,
    *,
    thresholds: Sequence[float] = OKS_THRESHOLDS,
    area_ranges: Sequence[tuple[float, float]] = AREA_RANGES,
) -> OksMatches:
    """Match detections with labelled people as the COCO API's ``evaluateImg`` does.

    Detections choose one after the other, the best score first, the labelled person with the largest OKS among those
    that are still free; one that is ignored only where no other is near enough. Crowd regions are never taken.

    Args:
        problem: the people, with all decisions about ignoring made.
        thresholds: T, least OKS of a match.
        area_ranges: A, in square pixels, both ends included.

    >>> from mmpose_dark.evaluation.functional.oks_eval import oks_problem
    >>> box = dict(id=1, image_id=1, category_id=1, bbox=[0, 0, 10, 10], area=80, keypoints=[1, 1, 2, 5, 5, 1])
    >>> ann = dict(images=[dict(id=1)], annotations=[box], categories=[dict(id=1)])
    >>> found = [dict(image_id=1, keypoints=[1, 1, 0.9, 5, y, 0.8], score=y / 10) for y in (5, 7)]
    >>> match_people(oks_problem(ann, found, sigmas=[0.05, 0.05]), thresholds=[0.5, 0.99]).gt[0].tolist()
    [[0, -1], [-1, 0]]
    """
    limits = np.asarray(area_ranges, np.float64).reshape(-1, 2)
    thresholds = np.minimum(np.asarray(thresholds, np.float64).reshape(-1), 1 - 1e-10)
    count, areas = len(problem.dt_scores), len(limits)
    dt_area = keypoint_extent(problem.dt_xy) if problem.dt_areas is None else problem.dt_areas
    gt_ignored = (problem.gt_ignore | problem.gt_crowd) | _outside(problem.gt_area, limits)
    dt, gt, similarity = pair_similarities(problem)
    near = similarity >= thresholds.min(initial=1.0)  # nobody else can be matched: most pairs are far apart
    dt, gt, similarity = dt[near], gt[near], similarity[near]
    matched = np.full((areas, len(thresholds), count), -1)
    oks = np.zeros(matched.shape)
    alone = _alone(dt, gt)
    _match_alone_(matched, oks, dt[alone], gt[alone], similarity[alone], problem=problem, thresholds=thresholds)
    dt, gt, similarity = dt[~alone], gt[~alone], similarity[~alone]
    for rows in _blocks(problem, dt):
        _match_block_(
            matched, oks, dt[rows], gt[rows], similarity[rows],
            problem=problem, thresholds=thresholds, gt_ignored=gt_ignored,
        )  # fmt: skip
    # a detection that found nobody counts as wrong only where its own area is in range
    found = matched >= 0
    by_match = (
        np.stack([ignored[m] for ignored, m in zip(gt_ignored, matched, strict=True)]) if gt_ignored.size else found
    )
    ignored = np.where(found, by_match, _outside(dt_area, limits)[:, None])
    return OksMatches(problem, thresholds, matched, oks, ignored, gt_ignored)


def _outside(area: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Whether areas (N,) are outside each of the ranges (A, 2): (A, N)."""
    return (area < limits[:, :1]) | (area > limits[:, 1:])


def pair_similarities(problem: OksProblem) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """OKS of every detection with every labelled person of its image and category.

    Where no keypoint of a person is labelled, distances are those to a box of twice its size, as in the COCO API.

    Args:
        problem: the people.

    Returns:
        Detections (P,), labelled people (P,), both as rows and sorted by detection, and their OKS (P,).

    >>> from mmpose_dark.evaluation.functional.oks_eval import oks_problem
    >>> box = dict(id=1, image_id=1, category_id=1, bbox=[0, 0, 10, 10], area=80, keypoints=[1, 1, 2, 5, 5, 1])
    >>> ann = dict(images=[dict(id=1)], annotations=[box], categories=[dict(id=1)])
    >>> found = [dict(image_id=1, keypoints=[1, 1, 0.9, 5, 6, 0.8], score=0.7)]
    >>> pair_similarities(oks_problem(ann, found, sigmas=[0.05, 0.05]))[2].round(3).tolist()
    [0.768]
    """
    dt, gt = _same_group(_groups(problem, 'dt'), _groups(problem, 'gt'))
    similarity = np.zeros(len(dt))
    size = max(1, _PAIR_NUMBERS_AT_ONCE // max(1, len(problem.sigmas)))
    labelled = problem.gt_keypoints[..., 2] > 0
    anything = labelled.any(1)
    labels = np.where(anything[:, None, None], problem.gt_keypoints[..., :2], 0.0)
    for start in range(0, len(dt), size):
        place = slice(start, start + size)
        found, person = problem.dt_xy[dt[place]], gt[place]
        area, known = problem.gt_area[person], anything[person]
        true = labels[person]
        by_label = paired_oks(found, true, areas=area, sigmas=problem.sigmas, visible=labelled[person])
        if known.all():
            similarity[place] = by_label
            continue
        low = problem.gt_bbox[person, None, :2] - problem.gt_bbox[person, None, 2:]
        high = problem.gt_bbox[person, None, :2] + 2 * problem.gt_bbox[person, None, 2:]
        beyond = np.maximum(low - found, 0) + np.maximum(found - high, 0)
        by_box = keypoint_similarity(beyond, np.zeros(2), areas=area[:, None], sigmas=problem.sigmas).mean(1)
        similarity[place] = np.where(known, by_label, by_box)
    return dt, gt, similarity


def _groups(problem: OksProblem, side: str) -> np.ndarray:
    """Number of image and category together, of each detection (``'dt'``) or labelled person (``'gt'``)."""
    image, category = getattr(problem, f'{side}_image'), getattr(problem, f'{side}_category')
    return image * (problem.num_categories + 1) + category


def _same_group(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of rows of ``a`` (N,) and ``b`` (M,) whose numbers are equal, sorted by the first: (P,) and (P,)."""
    order = np.argsort(b, kind='stable')
    start = np.searchsorted(b[order], a, side='left')
    count = np.searchsorted(b[order], a, side='right') - start
    first = np.repeat(np.arange(len(a)), count)
    rank = np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count)
    return first, order[start[first] + rank]


def _blocks(problem: OksProblem, dt: np.ndarray) -> list[np.ndarray]:
    """Rows of pairs of groups of similar size, so that padded arrays stay small and full."""
    if not len(dt):
        return []
    _, group, sizes = np.unique(_groups(problem, 'dt')[dt], return_inverse=True, return_counts=True)
    people = sizes // np.maximum(1, np.bincount(group, np.r_[True, dt[1:] != dt[:-1]]).astype(int))
    order = np.argsort(people, kind='stable')
    block = np.empty(len(order), np.int64)
    block[order] = np.cumsum(people[order] * MAX_DETECTIONS) // _CELLS_AT_ONCE
    rows = np.argsort(block[group], kind='stable')
    return np.split(rows, np.flatnonzero(np.diff(block[group][rows])) + 1)


def _alone(dt: np.ndarray, gt: np.ndarray) -> np.ndarray:
    """Whether nobody else is near the detections that are near the same labelled person: (P,) of pairs (P,), (P,)."""
    if not len(dt):
        return np.zeros(0, bool)
    several = np.bincount(dt)[dt] > 1
    return np.bincount(gt, several)[gt] == 0


def _match_alone_(
    matched: np.ndarray,
    matched_oks: np.ndarray,
    dt: np.ndarray,
    gt: np.ndarray,
    similarity: np.ndarray,
    *,
    problem: OksProblem,
    thresholds: np.ndarray,
) -> None:
    """Match labelled people with detections that are near nobody else: the best score that is near enough has them.

    Arguments as of `_match_block_`. Whether the person is ignored plays no part where there is no other.
    """
    if not len(dt):
        return
    order = np.argsort(gt, kind='stable')
    dt, gt, similarity = dt[order], gt[order], similarity[order]
    near = similarity >= thresholds[:, None]
    chosen = near & problem.gt_crowd[gt]
    start = np.flatnonzero(np.r_[True, gt[1:] != gt[:-1]])
    first = np.minimum.reduceat(np.where(near, np.arange(len(gt)), len(gt)), start, axis=1)
    threshold, person = np.nonzero(first < len(gt))
    chosen[threshold, first[threshold, person]] = True
    threshold, pair = np.nonzero(chosen)
    matched[:, threshold, dt[pair]] = gt[pair]
    matched_oks[:, threshold, dt[pair]] = similarity[pair]


def _match_block_(
    matched: np.ndarray,
    matched_oks: np.ndarray,
    dt: np.ndarray,
    gt: np.ndarray,
    similarity: np.ndarray,
    *,
    problem: OksProblem,
    thresholds: np.ndarray,
    gt_ignored: np.ndarray,
) -> None:
    """Match the people of some images.

    Args:
        matched: (A, T, N) row of the labelled person of each detection; written into.
        matched_oks: (A, T, N) their OKS; written into.
        dt: (P,) rows of detections, sorted by score in their group.
        gt: (P,) rows of the labelled people.
        similarity: (P,) their OKS.
        problem: the people.
        thresholds: (T,).
        gt_ignored: (A, G).
    """
    group = np.unique(_groups(problem, 'dt')[dt], return_inverse=True)[1]
    row, who = _rank_in_group(group, dt), _rank_in_group(group, gt)
    shape = (group.max() + 1, who.max() + 1)
    # of equal ones the COCO API takes the last, argmax the first: the last comes first
    who = shape[1] - 1 - who
    detection = np.full((shape[0], row.max() + 1), -1)
    detection[group, row] = dt
    person = np.full(shape, -1)
    person[group, who] = gt
    oks = np.full((*detection.shape, shape[1]), -1.0)
    oks[group, row, who] = similarity
    crowd = problem.gt_crowd[person][None, :, None]
    ignored = gt_ignored[:, person][:, :, None]
    taken = np.zeros((len(gt_ignored), shape[0], len(thresholds), shape[1]), bool)
    for rank in range(detection.shape[1]):
        near = oks[:, rank, None]
        free = (near >= thresholds[:, None]) & (~taken | crowd)
        regular = free & ~ignored
        free = np.where(regular.any(-1, keepdims=True), regular, free)
        best = np.where(free, near, -1.0).argmax(-1)[..., None]  # (A, groups, T, 1)
        some = np.take_along_axis(free, best, -1)
        np.put_along_axis(taken, best, np.take_along_axis(taken, best, -1) | some, -1)
        chosen = np.where(some[..., 0], person[np.arange(shape[0])[:, None], best[..., 0]], -1)
        there = detection[:, rank] >= 0
        matched[:, :, detection[there, rank]] = chosen[:, there].transpose(0, 2, 1)
        like = np.where(some, np.take_along_axis(np.broadcast_to(near, free.shape), best, -1), 0.0)[..., 0]
        matched_oks[:, :, detection[there, rank]] = like[:, there].transpose(0, 2, 1)


def _rank_in_group(group: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Rank of each member (P,), from 0, among the different members of its group (P,)."""
    pairs, place = np.unique(np.stack([group, member]), axis=1, return_inverse=True)
    start = np.searchsorted(pairs[0], np.arange(group.max() + 1))
    return (np.arange(pairs.shape[1]) - start[pairs[0]])[place.reshape(-1)]
