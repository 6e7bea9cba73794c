"""The ten values of an OKS evaluation, of its precision and recall."""

import numpy as np

__all__ = ['summarize_oks']


def summarize_oks(precision: np.ndarray, recall: np.ndarray) -> dict[str, float]:
    """Return AP and AR, over all thresholds and at 0.5 and 0.75, and for medium and large people.

    Args:
        precision: (T, R, C, A) at T thresholds of OKS and R recalls, of C categories and A areas (all, medium, large).
        recall: (T, C, A); both -1 where there is no ground truth.

    >>> summarize_oks(np.full((10, 101, 1, 3), 0.5), np.full((10, 1, 3), 0.25))['AR .75']
    0.25
    """
    return {**_summary('AP', precision), **_summary('AR', recall)}


def _summary(name: str, values: np.ndarray) -> dict[str, float]:
    """Means of precision (T, R, C, A) or recall (T, C, A) over what has ground truth."""

    def mean(v: np.ndarray) -> float:
        v = v[v > -1]
        return float(v.mean()) if v.size else -1.0

    return {
        name: mean(values[..., 0]),
        f'{name} .5': mean(values[0, ..., 0]),
        f'{name} .75': mean(values[5, ..., 0]),
        f'{name} (M)': mean(values[..., 1]),
        f'{name} (L)': mean(values[..., 2]),
    }
