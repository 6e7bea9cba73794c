"""Differences of two things that were each measured several times under the same conditions."""

from typing import NamedTuple

import numpy as np
from scipy import stats

from ...utils.errors import InputError

__all__ = ['PairedDifference', 'paired_t']


class PairedDifference(NamedTuple):
    """A difference and how sure it is.

    Attributes:
        mean: of second minus first.
        low, high: ends of its interval; NaN for a single pair.
        p: probability of a difference at least as large if there were none; NaN for a single pair.
        pairs: how many there were.
    """

    mean: float
    low: float
    high: float
    p: float
    pairs: int


def paired_t(first: np.ndarray, second: np.ndarray, *, level: float = 0.95) -> PairedDifference:
    """Student's paired test: the pairs are alike but for what is compared, as trainings from the same seed.

    Args:
        first: (N,) values of the one.
        second: (N,) values of the other under the same conditions.
        level: of the interval, 0 to 1.

    Raises:
        InputError: no pair, or not as many of each.

    >>> found = paired_t([0.40, 0.42, 0.41], [0.41, 0.44, 0.42])
    >>> f'{found.mean:.3f} in [{found.low:.3f}, {found.high:.3f}], p = {found.p:.2f}'
    '0.013 in [-0.001, 0.028], p = 0.06'
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise InputError(f'{first.shape} and {second.shape} are no pairs: (N,) of each, N at least 1')
    difference = second - first
    count, mean = len(difference), float(difference.mean())
    if count < 2:
        return PairedDifference(mean, float('nan'), float('nan'), float('nan'), count)
    error = float(difference.std(ddof=1)) / np.sqrt(count)
    half = float(stats.t.ppf((1 + level) / 2, count - 1)) * error
    with np.errstate(divide='ignore', invalid='ignore'):
        ratio = np.nan_to_num(np.divide(abs(mean), error), nan=0.0)  # no difference at all: 0 over 0
    p = float(2 * stats.t.sf(ratio, count - 1))
    return PairedDifference(mean, mean - half, mean + half, p, count)
