"""Several metrics on one pass over a dataset, on any number of processes."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

from mmengine.evaluator import BaseMetric
from mmengine.evaluator import Evaluator as BaseEvaluator
from mmengine.evaluator.metric import _to_cpu
from mmengine.logging import MMLogger
from mmengine.structures import BaseDataElement

from ..registry import EVALUATORS
from ..utils.errors import InputError
from .gathering import each_once, gather_and_compute, sample_key

if TYPE_CHECKING:
    from mmengine.config import ConfigDict

__all__ = ['Evaluator']


@EVALUATORS.register_module()
class Evaluator(BaseEvaluator):
    """Several metrics on one pass over a dataset, each sample counted once (see `evaluation.gathering`).

    mmengine deals the processes' results out in turn and cuts the list at the dataset's size, which is right only if
    every process has equally many samples, dealt in turn, and each left one result. Here a metric of mmengine's kind
    gets all results in the order of the ranks. Repeated samples are dropped where each sample left one result; a
    metric that leaves another number (one a batch, say) must tell them apart itself.

    Args:
        metrics: a metric, its config, or a list of them.
    """

    def __init__(self, metrics: 'dict | BaseMetric | ConfigDict | Sequence') -> None:
        super().__init__(metrics)
        # for each metric of mmengine's kind the sample of each result, None where it is not known
        self._keys: list[list[Hashable]] = [[] for _ in self.metrics]

    def process(
        self, data_samples: Sequence[BaseDataElement | dict], data_batch: Mapping[str, object] | None = None
    ) -> None:
        """Hand the predictions of a batch to all metrics.

        Args:
            data_samples: samples with predictions.
            data_batch: what the loader gave, for metrics that read it.
        """
        samples = [s.to_dict() if isinstance(s, BaseDataElement) else s for s in data_samples]
        keys = [sample_key(s) if isinstance(s, Mapping) else None for s in samples]
        for metric, known in zip(self.metrics, self._keys, strict=True):
            before = len(metric.results)
            metric.process(data_batch, samples)
            added = len(metric.results) - before
            known += keys if added == len(keys) else [None] * added

    def evaluate(self, size: int) -> dict[str, float]:
        """Compute all metrics from the results of all processes.

        Args:
            size: number of samples in the dataset.

        Raises:
            ValueError: two metrics report the same name.
        """
        values: dict[str, float] = {}
        for metric, keys in zip(self.metrics, self._keys, strict=True):
            found = self._evaluate_one(metric, keys, size)
            for name in found:
                if name in values:
                    raise InputError(
                        f'two metrics report {name!r}; give one of them ({type(metric).__name__}, say) another `prefix`'
                    )
            values.update(found)
        return values

    @staticmethod
    def _evaluate_one(metric: BaseMetric, keys: list[Hashable], size: int) -> dict[str, float]:
        known = keys if len(keys) == len(metric.results) else [None] * len(metric.results)
        keyed = list(zip(known, metric.results, strict=True))
        keys.clear()
        if type(metric).evaluate is not BaseMetric.evaluate:  # it gathers in a way of its own
            return metric.evaluate(size)
        metric.results.clear()

        def compute(parts: list[list[tuple[Hashable, object]]]) -> dict[str, float]:
            results = each_once(pair for part in parts for pair in part)
            if not results:
                MMLogger.get_current_instance().warning(
                    f'{type(metric).__name__} has no results; its `process` must add to `self.results`'
                )
            found = metric.compute_metrics(_to_cpu(results))
            return {f'{metric.prefix}/{name}' if metric.prefix else name: value for name, value in found.items()}

        return gather_and_compute(keyed, compute, device=metric.collect_device)
