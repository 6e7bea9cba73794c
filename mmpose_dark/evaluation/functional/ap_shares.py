"""Where the difference of two APs comes from: which images, and which joints."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...utils.errors import InputError
from .bootstrap import oks_tables, overall_ap, same_people
from .oks_matching import OksMatches, match_people

__all__ = ['image_shares', 'joint_shares']

Progress = Callable[[int, int], None]


def _silent(done: int, total: int) -> None:
    """Show nothing."""


def image_shares(first: OksMatches, second: OksMatches, *, progress: Progress = _silent) -> np.ndarray:
    """Return the part of the difference in AP that each image carries.

    The jackknife's pseudo-values (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 11), over the
    number of images: with D the difference, D_i without image i, and I images, ``(I D - (I - 1) D_i) / I``. They add up
    to the difference but for what the AP of fewer images is biased by.

    Args:
        first: matches of one run.
        second: of the other, on the same labelled people.
        progress: called with the images that are done and their number.

    Returns:
        (I,) above 0 where the second run is better.

    Raises:
        InputError: other people are labelled in the two.
    """
    same_people(first, second)
    images = first.problem.num_images
    tables, others = oks_tables(first), oks_tables(second)

    def difference(weights: np.ndarray) -> float:
        return overall_ap(others, weights) - overall_ap(tables, weights)

    whole = difference(np.ones(images))
    if images == 1:
        return np.array([whole])
    shares = np.empty(images)
    for i in range(images):
        weights = np.ones(images)
        weights[i] = 0
        shares[i] = (images * whole - (images - 1) * difference(weights)) / images
        progress(i + 1, images)
    return shares


def joint_shares(first: OksMatches, second: OksMatches, *, progress: Progress = _silent) -> np.ndarray:
    """Return by how much the first run's AP changes where one joint is placed as the second run places it.

    Two poses are of the same person where both found the same labelled one (OKS of at least the lowest threshold).
    What is left of the difference comes from scores, from people whom one run alone found, and from joints together.

    Args:
        first: matches of one run.
        second: of the other, on the same labelled people.
        progress: called with the joints that are done and their number.

    Returns:
        (K,).

    Raises:
        InputError: other people are labelled in the two.
    """
    same_people(first, second)
    mine, theirs = _found_by_both(first, second)
    problem = first.problem
    before = overall_ap(oks_tables(first), np.ones(problem.num_images))
    shares = np.empty(len(problem.sigmas))
    for j in range(len(shares)):
        moved = problem.dt_xy.copy()
        moved[mine, j] = second.problem.dt_xy[theirs, j]
        again = match_people(replace(problem, dt_xy=moved), area_ranges=[(0, np.inf)])
        shares[j] = overall_ap(oks_tables(again), np.ones(problem.num_images)) - before
        progress(j + 1, len(shares))
    return shares


def _found_by_both(first: OksMatches, second: OksMatches) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the detections (M,) and (M,) of the two runs that found the same labelled people."""
    if first.problem.dt_xy.shape[1:] != second.problem.dt_xy.shape[1:]:
        raise InputError('the two runs have other numbers of keypoints')
    rows = []
    for matches in (first, second):
        of_person = np.full(len(matches.problem.gt_image), -1)
        found = matches.gt[0, 0]
        of_person[found[found >= 0]] = np.flatnonzero(found >= 0)
        rows.append(of_person)
    both = (rows[0] >= 0) & (rows[1] >= 0)
    return rows[0][both], rows[1][both]
