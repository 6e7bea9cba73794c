"""How sure AP is, and how sure a difference of two APs: images drawn again, and runs exchanged at random."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...utils.errors import InputError
from .oks_matching import OksMatches
from .weighted_ap import ApTable, ap_table, weighted_ap, weighted_precision

__all__ = [
    'ApDifference',
    'Progress',
    'ap_difference',
    'ap_of_mixture',
    'joined_tables',
    'oks_intervals',
    'oks_tables',
    'overall_ap',
    'same_people',
    'silent',
]

Progress = Callable[[int, int], None]
"""Is called with what is done and how much there is."""


class ApDifference(NamedTuple):
    """A difference of two values on the same images.

    Attributes:
        value: of the second run minus the first.
        low, high: ends of its bootstrap interval over images.
        p: probability of a difference at least as large if which run is which did not matter (two-sided).
    """

    value: float
    low: float
    high: float
    p: float


def silent(done: int, total: int) -> None:
    """Show nothing of a progress."""


def oks_tables(matches: OksMatches) -> list[ApTable]:
    """Return what AP is computed from, one table a category."""
    return [ap_table(matches, category) for category in range(1, matches.problem.num_categories + 1)]


def oks_intervals(
    matches: OksMatches,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    progress: Progress = silent,
) -> dict[str, tuple[float, float]]:
    """Return percentile bootstrap intervals over images of the ten values of `evaluate_oks`.

    Images are drawn with replacement, as many as there are (Efron and Tibshirani, An Introduction to the Bootstrap,
    1993, chapter 13). Nobody is matched again, see `weighted_ap`.

    Args:
        matches: of detections and labelled people.
        resamples: number of draws.
        level: part of the draws between the two ends, 0 to 1.
        seed: of the draws.
        progress: called with the draws that are done and their number.

    Returns:
        Low and high end by name. A value that no draw has (no large people at all) has none.

    Raises:
        InputError: numbers that are out of range.
    """
    tables = oks_tables(matches)
    draws = _draws(matches.problem.num_images, resamples, level, seed)
    values: dict[str, list[float]] = {}
    for done, weights in enumerate(draws, 1):
        for name, value in weighted_ap(tables, weights).items():
            values.setdefault(name, []).append(value)
        progress(done, resamples)
    return {name: ends for name, found in values.items() if (ends := _ends(np.array(found), level)) is not None}


def ap_difference(
    first: OksMatches,
    second: OksMatches,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    progress: Progress = silent,
) -> ApDifference:
    """Compare the AP of two runs on the same labelled people.

    The interval is that of the bootstrap, the same images drawn for both. The test is Fisher's: were the runs alike,
    which of them an image's detections came from would not matter, so they are exchanged image by image at random and
    the difference is found again (as in Smucker, Allan and Carterette, CIKM 2007, for searches). Detections of both are
    ordered by their rank in their own run, so that no result depends on the scale of the scores.

    Args:
        first: matches of one run.
        second: of the other, on the same images.
        resamples: draws, and exchanges.
        level: of the interval, 0 to 1.
        seed: of both.
        progress: called with what is done and how much there is.

    Raises:
        InputError: other people are labelled in the two, or numbers are out of range.
    """
    same_people(first, second)
    images = first.problem.num_images
    draws = _draws(images, resamples, level, seed)
    tables, others = oks_tables(first), oks_tables(second)
    one = np.ones(images)
    value = overall_ap(others, one) - overall_ap(tables, one)
    differences = np.empty(resamples)
    for i, weights in enumerate(draws):
        differences[i] = overall_ap(others, weights) - overall_ap(tables, weights)
        progress(i + 1, 2 * resamples)
    both = [joined_tables(a, b) for a, b in zip(tables, others, strict=True)]
    rng = np.random.default_rng(seed)
    as_large = 0
    for i in range(resamples):
        swapped = rng.random(images) < 0.5
        chance = ap_of_mixture(both, ~swapped) - ap_of_mixture(both, swapped)
        as_large += abs(chance) >= abs(value) - 1e-12
        progress(resamples + i + 1, 2 * resamples)
    low, high = _ends(differences, level) or (float('nan'), float('nan'))
    return ApDifference(value, low, high, (as_large + 1) / (resamples + 1))


def same_people(first: OksMatches, second: OksMatches) -> None:
    """Stop where two runs were not evaluated on the same labelled people.

    Raises:
        InputError: they were not.
    """
    for name in ('gt_image', 'gt_category', 'gt_keypoints', 'gt_area'):
        one, other = getattr(first.problem, name), getattr(second.problem, name)
        if one.shape != other.shape or not np.array_equal(one, other, equal_nan=True):
            raise InputError(f'the two runs have other labelled people ({name}): only runs on the same can be compared')


def _draws(images: int, resamples: int, level: float, seed: int) -> list[np.ndarray]:
    if images < 1 or resamples < 1 or not 0 < level < 1:
        what = f'{images} images, {resamples} resamples, level {level}'
        raise InputError(f'{what}: all must be above 0, the level below 1')
    rng = np.random.default_rng(seed)
    return [rng.multinomial(images, np.full(images, 1 / images)) for _ in range(resamples)]


def overall_ap(tables: list[ApTable], weights: np.ndarray) -> float:
    """Return AP over all areas where each image counts as often as its weight (I,) says."""
    found = np.stack([weighted_precision(table, weights, areas=1)[0] for table in tables])
    return _mean(found)


def _mean(precision: np.ndarray) -> float:
    known = precision[precision > -1]
    return float(known.mean()) if known.size else -1.0


def joined_tables(first: ApTable, second: ApTable) -> tuple[ApTable, np.ndarray]:
    """Return the detections of two runs in one table, and which run each is of.

    They are ordered by their rank in their own run, from 0 to 1, and not by their scores: another scale of the scores
    leaves an AP as it is, and must leave a comparison as it is.

    Args:
        first: of one run, one category.
        second: of the other, the same category.

    Returns:
        The table of N detections, and (N,) boolean: of the second run.
    """
    sizes = len(first.image), len(second.image)
    ranks = np.concatenate([(np.arange(size) + 0.5) / max(size, 1) for size in sizes])
    run = np.repeat([False, True], sizes)
    order = np.argsort(ranks, kind='stable')
    joined = ApTable(
        np.concatenate([first.image, second.image])[order],
        np.concatenate([first.right, second.right], 2)[:, :, order],
        np.concatenate([first.wrong, second.wrong], 2)[:, :, order],
        first.wanted,
    )
    return joined, run[order]


def ap_of_mixture(both: list[tuple[ApTable, np.ndarray]], takes_second: np.ndarray) -> float:
    """Return AP where some images have the detections of the second run, the others those of the first.

    Args:
        both: of `joined_tables`, one a category.
        takes_second: (I,) boolean.
    """
    found = [
        weighted_precision(table, (takes_second[table.image] == run).astype(np.float64), per_detection=True, areas=1)[0]
        for table, run in both
    ]
    return _mean(np.stack(found))


def _ends(values: np.ndarray, level: float) -> tuple[float, float] | None:
    values = values[values > -1]  # -1 is a value of nobody; differences are never that low
    if not len(values):
        return None
    low, high = np.percentile(values, (50 * (1 - level), 50 * (1 + level)))
    return float(low), float(high)
