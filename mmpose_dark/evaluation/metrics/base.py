"""What the metrics have in common: samples turned into arrays once, gathered from all processes."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.dist import broadcast_object_list, collect_results, get_world_size, is_main_process
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from mmengine.structures import BaseDataElement

from ...utils.errors import InputError, StateError, UnknownNameError
from .sample_arrays import describe, per_instance
from .tables import NUM_SAMPLES, Table, join_tables

__all__ = ['ArrayMetric']


class ArrayMetric(BaseMetric):
    """Base of metrics that keep columns of arrays, one row an instance, instead of an object a person.

    A subclass gives two functions: ``pack`` makes the columns of a batch of samples, ``compute`` turns all
    columns into figures. Gathering over processes, dropping what a sampler handed out twice, and checking that
    nothing was lost are done here.

    Args:
        collect_device: ``'cpu'`` or ``'gpu'``, how results travel between processes.
        prefix: put before the names of the figures, as ``coco/AP``.
        collect_dir: a folder that all processes see, for ``'cpu'``.
    """

    needs_ids = False  # whether every sample must have id and img_id

    def __init__(self, collect_device: str = 'cpu', prefix: str | None = None, collect_dir: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)

    @abstractmethod
    def pack(self, samples: list[dict]) -> tuple[Table, np.ndarray]:
        """Return columns of arrays, one row an instance, and the number of instances of each sample."""

    @abstractmethod
    def compute(self, table: Table) -> dict[str, float]:
        """Return the figures of all instances; ``table`` is empty when there are none."""

    def process(self, data_batch: Any, data_samples: Sequence[dict | BaseDataElement]) -> None:
        """Keep what is needed of a batch.

        Args:
            data_batch: not used.
            data_samples: samples with predictions, as dicts or data elements.

        Raises:
            ValueError: a sample lacks a field or has a wrong shape; the message names the sample.
        """
        samples = [s.to_dict() if isinstance(s, BaseDataElement) else s for s in data_samples]
        if not samples:
            return
        ids = self._ids(samples)
        table, counts = self.pack(samples)
        position = per_instance(np.arange(len(samples)), counts)
        table['instance'] = np.arange(len(position)) - per_instance(np.cumsum(counts) - counts, counts)
        table['position'] = position
        table |= {k: per_instance(v, counts) for k, v in ids.items()}
        self.results.append(table | {NUM_SAMPLES: np.array([len(samples)])})

    def evaluate(self, size: int) -> dict[str, float]:
        """Gather from all processes and return the figures.

        Args:
            size: number of samples in the data set; if fewer were processed, the log says so.
        """
        chunks: list[list[Table]] | None = [list(self.results)]
        self.results.clear()
        world = get_world_size()
        if world > 1:
            directory = {'tmpdir': self.collect_dir} if self.collect_device == 'cpu' else {}
            chunks = collect_results(chunks, world, self.collect_device, **directory)
        told: list[Any] = [None]
        if is_main_process():
            try:
                table = join_tables(chunks, size)
                self._report_lost(table, size)
                found = self.compute_metrics(table)
                told[0] = {f'{self.prefix}/{k}' if self.prefix else k: v for k, v in found.items()}
            except Exception as err:  # the other processes would wait for ever
                told[0] = err
        broadcast_object_list(told)
        if isinstance(told[0], Exception):
            raise told[0]
        return told[0]

    def compute_metrics(self, results: Table | list[Table]) -> dict[str, float]:
        """Return the figures of the joined columns, or of the list that :meth:`process` filled."""
        return self.compute(join_tables([results], None) if isinstance(results, list) else results)

    def meta(self, key: str) -> Any:
        """Return an entry of the data set's description.

        Raises:
            RuntimeError: ``dataset_meta`` was not set.
            KeyError: it has no such entry.
        """
        name = type(self).__name__
        if self.dataset_meta is None:
            raise StateError(f'{name}.dataset_meta is not set; set it to the metainfo of the data set that is tested')
        if key not in self.dataset_meta:
            has = ', '.join(sorted(map(str, self.dataset_meta)))
            raise UnknownNameError(f'{name}.dataset_meta has no {key!r}; it has {has}')
        return self.dataset_meta[key]

    def _ids(self, samples: list[dict]) -> dict[str, np.ndarray]:
        """Columns that tell samples apart; none if a sample lacks its id and the metric can do without."""
        try:
            ids, img_ids = [s['id'] for s in samples], [s['img_id'] for s in samples]
        except KeyError:
            if not self.needs_ids:
                return {}
            lacking = next(s for s in samples if 'id' not in s or 'img_id' not in s)
            has = ', '.join(sorted(lacking))
            raise InputError(f'{describe(lacking)}: {type(self).__name__} needs id and img_id; it has {has}') from None
        sets = [s.get('dataset_name', '') for s in samples]
        return {'id': np.asarray(ids), 'img_id': np.asarray(img_ids), 'set': np.asarray(sets)}

    def _report_lost(self, table: Table, size: int) -> None:
        seen = len(np.unique(table['sample'])) if table else 0
        if seen < size:
            MMLogger.get_current_instance().warning(
                f'{type(self).__name__}: {size - seen} of {size} samples have no prediction'
            )
