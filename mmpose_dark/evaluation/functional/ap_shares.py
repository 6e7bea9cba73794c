"""Where the difference of two APs comes from: which images, and which joints."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...utils.errors import InputError
from .bootstrap import Progress, ap_of_mixture, joined_tables, oks_tables, overall_ap, same_people, silent
from .oks_matching import OksMatches, match_people

__all__ = ['exchange_shares', 'image_shares', 'joint_shares']


def exchange_shares(
    value: Callable[[np.ndarray], float], count: int, *, rounds: int, seed: int, progress: Progress = silent
) -> np.ndarray:
    """Divide the difference between nothing and everything exchanged among what is exchanged.

    Things are exchanged one after the other, in random orders and these backwards, and each is given what the value
    changes by in its turn, on average: the Shapley value by sampling (Castro, Gomez and Tejada, Computers & Operations
    Research, 2009). The shares add up to the difference, whatever the value is.

    Args:
        value: of a choice (count,) boolean of what is exchanged.
        count: number of things.
        rounds: number of orders.
        seed: of the orders.
        progress: called with the exchanges that are done and their number.

    Returns:
        (count,) shares.

    >>> exchange_shares(lambda chosen: float(chosen @ [1, 2, 3]), 3, rounds=2, seed=0).tolist()
    [1.0, 2.0, 3.0]
    """
    rng = np.random.default_rng(seed)
    shares, order = np.zeros(count), np.arange(count)
    nothing = value(np.zeros(count, bool))
    for number in range(rounds):
        order = order[::-1] if number % 2 else rng.permutation(count)
        chosen, before = np.zeros(count, bool), nothing
        for place, thing in enumerate(order, 1):
            chosen[thing] = True
            now = value(chosen)
            shares[thing] += (now - before) / rounds
            before = now
            progress(number * count + place, rounds * count)
    return shares


def image_shares(
    first: OksMatches, second: OksMatches, *, rounds: int = 4, seed: int = 0, progress: Progress = silent
) -> np.ndarray:
    """Return the part of the difference in AP that each image carries.

    Images are exchanged between the runs, as `exchange_shares` says. (The jackknife would not do: AP is read off at 101
    recalls and jumps with the number of people, which drowns what a single image changes.)

    Args:
        first: matches of one run.
        second: of the other, on the same labelled people.
        rounds: number of orders of the images.
        seed: of the orders.
        progress: called with the exchanges that are done and their number.

    Returns:
        (I,) above 0 where the second run is better; they add up to the difference.

    Raises:
        InputError: other people are labelled in the two.
    """
    same_people(first, second)
    both = [joined_tables(a, b) for a, b in zip(oks_tables(first), oks_tables(second), strict=True)]
    images = first.problem.num_images
    shown = np.unique(np.concatenate([m.problem.dt_image for m in (first, second)])) - 1

    def value(chosen: np.ndarray) -> float:
        takes_second = np.zeros(images, bool)
        takes_second[shown[chosen]] = True
        return ap_of_mixture(both, takes_second)

    shares = np.zeros(images)
    shares[shown] = exchange_shares(value, len(shown), rounds=rounds, seed=seed, progress=progress)
    return shares


def joint_shares(
    first: OksMatches, second: OksMatches, *, rounds: int = 2, seed: int = 0, progress: Progress = silent
) -> np.ndarray:
    """Return the part of the difference in AP that the places of each joint carry.

    Joints of the first run are placed as the second run places them, as `exchange_shares` says. Two poses are of the
    same person where both found the same labelled one (OKS of at least the lowest threshold). What is left of the
    difference comes from scores, and from people whom one run alone found.

    Args:
        first: matches of one run.
        second: of the other, on the same labelled people.
        rounds: number of orders of the joints.
        seed: of the orders.
        progress: called with the exchanges that are done and their number.

    Returns:
        (K,); they add up to the change in the first run's AP where all joints are placed as the second places them.

    Raises:
        InputError: other people are labelled in the two.
    """
    same_people(first, second)
    mine, theirs = _found_by_both(first, second)
    problem = first.problem

    def value(chosen: np.ndarray) -> float:
        moved = problem.dt_xy.copy()
        moved[mine[:, None], np.flatnonzero(chosen)] = second.problem.dt_xy[theirs][:, chosen]
        again = match_people(replace(problem, dt_xy=moved), area_ranges=[(0, np.inf)])
        return overall_ap(oks_tables(again), np.ones(problem.num_images))

    return exchange_shares(value, len(problem.sigmas), rounds=rounds, seed=seed, progress=progress)


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
