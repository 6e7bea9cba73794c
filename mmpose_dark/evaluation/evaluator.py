"""Metrics over all processes, every sample counted once.

mmengine joins the processes' results by dealing them out in turn and cutting the list at the
dataset's size, which is right only if every process has equally many and each sample left exactly
one. Here the evaluation samplers give contiguous shares, so the results joined by rank are in the
dataset's order whatever their number.
"""

from typing import Any

from mmengine.dist import all_gather_object, broadcast_object_list, is_main_process
from mmengine.evaluator import BaseMetric
from mmengine.evaluator import Evaluator as BaseEvaluator

from ..registry import EVALUATORS
from ..utils.errors import InputError

__all__ = ['Evaluator', 'gather_in_rank_order']


def gather_in_rank_order(items: list[Any]) -> list[Any]:
    """Return the lists of all processes joined by rank (in every process)."""
    return [item for part in all_gather_object(items) for item in part]


@EVALUATORS.register_module()
class Evaluator(BaseEvaluator):
    """Several metrics on one pass over a dataset.

    Args:
        metrics: a metric, its config, or a list of them.
    """

    def evaluate(self, size: int) -> dict[str, float]:
        """Compute all metrics from the results of all processes.

        Args:
            size: number of samples in the dataset.

        Raises:
            ValueError: two metrics report the same name.
        """
        values: dict[str, float] = {}
        for metric in self.metrics:
            found = self._evaluate_one(metric, size)
            for name in found:
                if name in values:
                    raise InputError(
                        f'two metrics report {name!r}; give one of them ({type(metric).__name__}, say) another `prefix`'
                    )
            values.update(found)
        return values

    @staticmethod
    def _evaluate_one(metric: BaseMetric, size: int) -> dict[str, float]:
        if type(metric).evaluate is not BaseMetric.evaluate:  # it gathers in a way of its own
            return metric.evaluate(size)
        results = gather_in_rank_order(metric.results)
        metric.results.clear()
        values = None
        if is_main_process():
            values = metric.compute_metrics(results)
            if metric.prefix:
                values = {f'{metric.prefix}/{name}': value for name, value in values.items()}
        box = [values]
        broadcast_object_list(box)
        return box[0]
