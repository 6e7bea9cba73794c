"""What each kind of error costs in AP, by repairing it; after Ronchi and Perona (ICCV 2017, arXiv:1707.05388)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from .bootstrap import oks_tables, overall_ap
from .keypoint_errors import UNLABELLED, keypoint_error_kinds
from .oks_matching import match_people
from .oks_problem import OksProblem

__all__ = ['LEAST_OKS', 'REPAIRS', 'Diagnosis', 'diagnose', 'error_costs']

LEAST_OKS = 0.1
"""From here on a detection is of that person, however badly placed; below it is of the background (as in the paper)."""
REPAIRS = ('miss', 'swap', 'inversion', 'jitter', 'good', 'score', 'background', 'not found')
"""The order of the paper. ``good``: the small errors of good keypoints, which cost at the high thresholds of OKS."""

_EVERYBODY = ((0.0, np.inf),)


@dataclass(frozen=True)
class Diagnosis:
    """Who was found, and what kind of error each keypoint is.

    G labelled people, N detections, K keypoints.

    Attributes:
        problem: the people.
        detection: (G,) row of the detection of each person, -1 for those who were not found.
        counts: (G,) boolean: people who are looked for, not ignored and no crowd.
        background: (N,) boolean: detections of nobody, and further ones of somebody.
        oks: (G,) of each person and its detection, 0 where there is none.
        kinds: (G, K) strings of `keypoint_error_kinds`; ``''`` where the keypoint is not labelled or the person not
            found.
    """

    problem: OksProblem
    detection: np.ndarray
    counts: np.ndarray
    background: np.ndarray
    oks: np.ndarray
    kinds: np.ndarray

    @property
    def found(self) -> np.ndarray:
        """Rows of the people (M,) who are looked for and were found."""
        return np.flatnonzero(self.counts & (self.detection >= 0))

    @property
    def not_found(self) -> np.ndarray:
        """Rows of the people (M,) who are looked for and were not found."""
        return np.flatnonzero(self.counts & (self.detection < 0))


def diagnose(problem: OksProblem, flip_pairs: Sequence[tuple[int, int]]) -> Diagnosis:
    """Find out who was found and what kind of error each keypoint is.

    Args:
        problem: the people, as `oks_problem` returns them.
        flip_pairs: pairs of numbers of left and right keypoints.

    >>> from mmpose_dark.evaluation.functional.oks_eval import oks_problem
    >>> box = dict(id=1, image_id=1, category_id=1, bbox=[0, 0, 10, 10], area=80, keypoints=[1, 1, 2, 5, 5, 1])
    >>> ann = dict(images=[dict(id=1)], annotations=[box], categories=[dict(id=1)])
    >>> found = [dict(image_id=1, keypoints=[1, 1, 0.9, 5, 6, 0.8], score=0.7)]
    >>> diagnose(oks_problem(ann, found, sigmas=[0.05, 0.05]), flip_pairs=[]).kinds.tolist()
    [['good', 'jitter']]
    """
    matches = match_people(problem, thresholds=[LEAST_OKS], area_ranges=_EVERYBODY)
    gt = matches.gt[0, 0]
    matched = np.flatnonzero(gt >= 0)
    count = len(problem.gt_image)
    detection = np.full(count, -1)
    detection[gt[matched]] = matched
    labelled = problem.gt_keypoints[..., 2] > 0
    counts = ~(problem.gt_ignore | problem.gt_crowd)
    xy = np.full((count, len(problem.sigmas), 2), np.nan)
    xy[gt[matched]] = problem.dt_xy[matched].reshape(-1, *xy.shape[1:])
    known = counts | (labelled.any(1) & (problem.gt_area > 0))  # others may be swapped with those who do not count
    kinds = np.full(labelled.shape, UNLABELLED, 'U9')
    kinds[known] = keypoint_error_kinds(
        xy[known],
        problem.gt_keypoints[known][..., :2],
        labelled[known],
        problem.gt_area[known],
        sigmas=problem.sigmas,
        flip_pairs=flip_pairs,
        image_ids=problem.gt_image[known],
    )
    kinds[(detection < 0) | ~counts] = UNLABELLED
    oks = np.zeros(count)
    oks[gt[matched]] = matches.oks[0, 0, matched]
    return Diagnosis(problem, detection, counts, (gt < 0) & ~matches.dt_ignored[0, 0], oks, kinds)


def error_costs(diagnosis: Diagnosis) -> dict[str, dict[str, float]]:
    """Return what each repair brings in AP.

    ``miss``, ``swap``, ``inversion``, ``jitter``, ``good``: keypoints of that kind are put where the label is.
    ``score``: detections are scored by their OKS. ``background``: detections of nobody, and further ones of somebody,
    are taken away. ``not found``: people who were not found are not looked for.

    Args:
        diagnosis: of `diagnose`.

    Returns:
        For each of `REPAIRS` ``alone``, the gain by this repair only, and ``in_turn``, the gain after those before it.
        The gains in turn add up to 1 minus AP, if anybody was found.
    """
    whole = _State(diagnosis.problem, np.arange(len(diagnosis.problem.dt_scores)))
    before = _ap(whole)
    costs: dict[str, dict[str, float]] = {}
    state, last = whole, before
    for name in REPAIRS:
        state = _repaired(state, diagnosis, name)
        now = _ap(state)
        costs[name] = dict(alone=_ap(_repaired(whole, diagnosis, name)) - before, in_turn=now - last)
        last = now
    return costs


class _State(NamedTuple):
    """People after some repairs, and which row of the diagnosis each detection is, (N',)."""

    problem: OksProblem
    rows: np.ndarray


def _ap(state: _State) -> float:
    matches = match_people(state.problem, area_ranges=_EVERYBODY)
    return max(overall_ap(oks_tables(matches), np.ones(state.problem.num_images)), 0.0)  # -1: nobody is looked for


def _repaired(state: _State, diagnosis: Diagnosis, name: str) -> _State:
    if name == 'score':
        return _with_best_scores(state)
    if name == 'background':
        return _chosen(state, np.flatnonzero(~diagnosis.background[state.rows]))
    if name == 'not found':
        lost = np.zeros(len(diagnosis.counts), bool)
        lost[diagnosis.not_found] = True
        return state._replace(problem=replace(state.problem, gt_ignore=state.problem.gt_ignore | lost))
    return _with_true_keypoints(state, diagnosis, name)


def _with_true_keypoints(state: _State, diagnosis: Diagnosis, kind: str) -> _State:
    person, keypoint = np.nonzero(diagnosis.kinds == kind)
    xy = state.problem.dt_xy.copy()
    xy[diagnosis.detection[person], keypoint] = state.problem.gt_keypoints[person, keypoint, :2]
    return state._replace(problem=replace(state.problem, dt_xy=xy))


def _with_best_scores(state: _State) -> _State:
    """Score each detection by its OKS with the person it is of, 0 where it is of nobody."""
    matches = match_people(state.problem, thresholds=[LEAST_OKS], area_ranges=_EVERYBODY)
    scored = replace(state.problem, dt_scores=matches.oks[0, 0])
    order = np.lexsort((-scored.dt_scores, scored.dt_category, scored.dt_image))  # as `oks_problem` orders them
    return _chosen(state._replace(problem=scored), order)


def _chosen(state: _State, rows: np.ndarray) -> _State:
    """Take some detections, in the order of ``rows`` (M,)."""
    problem = state.problem
    chosen = replace(
        problem,
        dt_image=problem.dt_image[rows],
        dt_category=problem.dt_category[rows],
        dt_xy=problem.dt_xy[rows],
        dt_scores=problem.dt_scores[rows],
        dt_areas=None if problem.dt_areas is None else problem.dt_areas[rows],
    )
    return _State(chosen, state.rows[rows])
