"""What the metrics have in common: samples turned into arrays once, gathered from all processes."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from mmengine.structures import BaseDataElement

from ...utils.errors import InputError, StateError, UnknownNameError
from ..functional.oks_case import OksCase
from ..gathering import gather_and_compute, sample_identity
from .sample_arrays import describe, per_instance
from .tables import NUM_SAMPLES, Table, join_tables

__all__ = ['ArrayMetric']

_SAMPLES_AT_ONCE = 1024  # each is looked at several times, while it is in the processor's cache


class ArrayMetric(BaseMetric):
    """Base of metrics that keep columns of arrays, one row an instance, instead of an object a person.

    A subclass gives two functions: ``pack`` makes the columns of a batch of samples, ``compute`` turns all
    columns into values. Gathering over processes (see `evaluation.gathering`), dropping what a sampler handed out
    twice, and checking that nothing was lost are done here.

    Args:
        collect_device: ``'cpu'`` or ``'gpu'``, how results travel between processes.
        prefix: put before the names of the values, as ``coco/AP``.
        collect_dir: mmengine's; nothing is written to it, results go from process to process.
    """

    needs_ids = False  # whether every sample must have id and img_id
    keeps_table = False  # whether `kept` is wanted after the values are computed
    kept: Table | None = None

    def __init__(self, collect_device: str = 'cpu', prefix: str | None = None, collect_dir: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)

    @property
    def dataset_meta(self) -> dict | None:
        """Description of the dataset that is tested; setting it checks what can be checked before the run."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, meta: dict | None) -> None:
        self._dataset_meta = meta
        if meta is not None:
            self.check_dataset_meta()

    def check_dataset_meta(self) -> None:
        """Refuse a dataset that could not be evaluated, before the run and not after it.

        Raises:
            ValueError: the metric would fail on it.
        """

    @abstractmethod
    def pack(self, samples: list[dict]) -> tuple[Table, np.ndarray]:
        """Return columns of arrays, one row an instance: (N, ...), and (S,) the number of instances of each sample."""

    @abstractmethod
    def compute(self, table: Table) -> dict[str, float]:
        """Return the values of all instances; ``table`` is empty when there are none."""

    def process(self, data_batch: object, data_samples: Sequence[dict | BaseDataElement]) -> None:
        """Keep what is needed of a batch.

        Args:
            data_batch: not used.
            data_samples: samples with predictions, as dicts or data elements.

        Raises:
            ValueError: a sample lacks a field or has a wrong shape; the message names the sample.
        """
        for start in range(0, len(data_samples), _SAMPLES_AT_ONCE):
            chunk = data_samples[start : start + _SAMPLES_AT_ONCE]
            if set(map(type, chunk)) != {dict}:
                chunk = [s.to_dict() if isinstance(s, BaseDataElement) else s for s in chunk]
            self.results.append(self._table(chunk))

    def _table(self, samples: Sequence[dict]) -> Table:
        """Columns of a batch, with those that say which sample and instance a row is of."""
        identity = self._identity(samples)
        table, counts = self.pack(samples)
        position = per_instance(np.arange(len(samples)), counts)
        table['instance'] = np.arange(len(position)) - per_instance(np.cumsum(counts) - counts, counts)
        table['position'] = position
        table |= {name: per_instance(column, counts) for name, column in identity.items()}
        return table | {NUM_SAMPLES: np.array([len(samples)])}

    def evaluate(self, size: int) -> dict[str, float]:
        """Gather from all processes and return the values.

        Args:
            size: number of samples in the dataset; if fewer were processed, the log says so.
        """
        chunks, self.results = self.results, []

        def compute(parts: list[list[Table]]) -> dict[str, float]:
            table = join_tables(parts, release=True)
            self._report_number(table, size)
            found = self.compute_metrics(table)
            return {f'{self.prefix}/{name}' if self.prefix else name: value for name, value in found.items()}

        return gather_and_compute(chunks, compute, device=self.collect_device)

    def compute_metrics(self, results: Table | list[Table]) -> dict[str, float]:
        """Return the values of the joined columns, or of the list that :meth:`process` filled.

        With ``keeps_table`` the columns stay in ``kept``, for reports.
        """
        table = join_tables([results]) if isinstance(results, list) else results
        if self.keeps_table:
            self.kept = table
        return self.compute(table)

    def case(self, table: Table) -> OksCase | None:
        """Return the OKS evaluation that the values come from; None, as by default, where they come from none."""
        return None

    def intervals(self, table: Table, *, resamples: int, level: float, seed: int) -> dict[str, tuple[float, float]]:
        """Return bootstrap intervals over images of the values, as far as the metric knows how to find them.

        Args:
            table: all columns, as `compute` takes them.
            resamples: number of times that the images are drawn with replacement.
            level: part of the resamples inside an interval, 0 to 1.
            seed: of the draws.

        Returns:
            Low and high end by the name that `compute` gives; none by default.
        """
        return {}

    def meta(self, key: str) -> object:
        """Return an entry of the dataset's description.

        Raises:
            RuntimeError: ``dataset_meta`` was not set.
            KeyError: it has no such entry.
        """
        name = type(self).__name__
        if self.dataset_meta is None:
            raise StateError(f'{name}.dataset_meta is not set; set it to the metainfo of the dataset that is tested')
        if key not in self.dataset_meta:
            has = ', '.join(sorted(map(str, self.dataset_meta)))
            raise UnknownNameError(f'{name}.dataset_meta has no {key!r}; it has {has}')
        return self.dataset_meta[key]

    def _identity(self, samples: Sequence[Mapping[str, object]]) -> dict[str, list]:
        """Columns that tell samples apart; none if a sample does not say and the metric can do without."""
        identity = sample_identity(samples)
        if self.needs_ids and 'id' not in identity:
            lacking = next(s for s in samples if 'id' not in s or 'img_id' not in s)
            has = ', '.join(sorted(lacking))
            raise InputError(f'{describe(lacking)}: {type(self).__name__} needs id and img_id; it has {has}')
        return identity

    def _report_number(self, table: Table, size: int) -> None:
        logger, name = MMLogger.get_current_instance(), type(self).__name__
        seen = np.count_nonzero(np.bincount(table['sample'])) if table else 0
        if seen < size:
            logger.warning(f'{name}: {size - seen} of {size} samples have no prediction')
        if seen > size:
            logger.warning(
                f'{name}: {seen} samples came of a dataset of {size}, and they do not say which are the same, so some '
                "count twice. Keep 'id' and 'img_id', or 'sample_idx', among the meta_keys of the packing transform, "
                'or let the sampler repeat none (round_up=False)'
            )
