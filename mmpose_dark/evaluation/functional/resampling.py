"""Bootstrap intervals of any value that is computed from rows, the rows of an image drawn together."""

from collections.abc import Callable, Mapping

import numpy as np

from ...utils.errors import InputError
from .bootstrap import Progress, silent

__all__ = ['resampled_intervals']


def resampled_intervals(
    groups: np.ndarray,
    compute: Callable[[np.ndarray], Mapping[str, float]],
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    progress: Progress = silent,
) -> dict[str, tuple[float, float]]:
    """Return percentile intervals (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).

    Groups are drawn with replacement, as many as there are; the values are computed from the rows of those drawn.

    Args:
        groups: (N,) group of each row, as the image of a person.
        compute: takes row numbers (M,), with repetitions, and returns values by name.
        resamples: number of draws.
        level: part of the draws between the two ends, 0 to 1.
        seed: of the draws.
        progress: called with the draws that are done and their number.

    Returns:
        Low and high end by name; NaN where a value is never finite.

    Raises:
        InputError: no row, or a level or number that is out of range.

    >>> values = np.array([0.0, 1.0] * 50)
    >>> found = resampled_intervals(np.arange(100), lambda rows: {'mean': values[rows].mean()}, resamples=200)
    >>> [round(float(end), 1) for end in found['mean']]
    [0.4, 0.6]
    """
    if not len(groups) or resamples < 1 or not 0 < level < 1:
        raise InputError(
            f'{len(groups)} rows, {resamples} resamples, level {level}: all must be above 0, the level below 1'
        )
    _, group = np.unique(groups, return_inverse=True)
    order = np.argsort(group, kind='stable')
    sizes = np.bincount(group)
    starts = np.cumsum(sizes) - sizes
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {}
    for done in range(1, resamples + 1):
        chosen = rng.integers(len(sizes), size=len(sizes))
        count = sizes[chosen]
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        for name, value in compute(order[np.repeat(starts[chosen], count) + within]).items():
            drawn.setdefault(name, []).append(float(value))
        progress(done, resamples)
    tails = 50 * (1 - level), 50 * (1 + level)
    return {name: _percentiles(np.array(values), tails) for name, values in drawn.items()}


def _percentiles(values: np.ndarray, tails: tuple[float, float]) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    if not len(values):
        return float('nan'), float('nan')
    low, high = np.percentile(values, tails)
    return float(low), float(high)
