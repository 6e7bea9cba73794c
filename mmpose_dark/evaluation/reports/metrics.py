"""Metrics of a test with their intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.evaluator import BaseMetric

from ..metrics.base import ArrayMetric

__all__ = ['LEVEL', 'RESAMPLES', 'metrics_with_intervals']

RESAMPLES = 1000
LEVEL = 0.95


def metrics_with_intervals(
    values: Mapping[str, float], metrics: Sequence[BaseMetric], *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Return every metric with the bootstrap interval over images where there is one.

    Args:
        values: of the test, by name.
        metrics: that computed them, with ``kept`` columns (`ArrayMetric.keeps_table`).
        resamples: number of times that the images are drawn with replacement; 0 for no intervals.
        seed: of the draws.

    Returns:
        For each name ``value`` and ``interval`` (low and high end, None where it is not known).
    """
    found: dict[str, tuple[float, float]] = {}
    kept = [metric for metric in metrics if isinstance(metric, ArrayMetric) and metric.kept is not None]
    for metric in kept if resamples else ():
        ends = metric.intervals(metric.kept, resamples=resamples, level=LEVEL, seed=seed)
        found.update({f'{metric.prefix}/{name}' if metric.prefix else name: pair for name, pair in ends.items()})
    return {
        name: dict(value=float(value), interval=list(found[name]) if name in found else None)
        for name, value in values.items()
    }
