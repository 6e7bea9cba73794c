"""What the metrics have in common: samples turned into arrays once, gathered from all processes."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.dist import broadcast_object_list, collect_results, get_world_size, is_main_process
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from mmengine.structures import BaseDataElement

from .sample_arrays import per_instance

__all__ = ['ArrayMetric', 'Table']

Table = dict[str, np.ndarray]


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
        table, counts = self.pack(samples)
        table.update(_identity(samples, counts))
        self.results.append(table)

    def evaluate(self, size: int) -> dict[str, float]:
        """Gather from all processes and return the figures.

        Args:
            size: number of samples in the data set; if fewer were processed, the log says so.
        """
        chunks: list[list[Table]] | None = [list(self.results)]
        world = get_world_size()
        if world > 1:
            directory = {'tmpdir': self.collect_dir} if self.collect_device == 'cpu' else {}
            chunks = collect_results(chunks, world, self.collect_device, **directory)
        figures: list[Any] = [None]
        if is_main_process():
            table = _join(chunks, size)
            self._report_lost(table, size)
            found = self.compute_metrics(table)
            figures[0] = {f'{self.prefix}/{k}' if self.prefix else k: v for k, v in found.items()}
        broadcast_object_list(figures)
        self.results.clear()
        return figures[0]

    def compute_metrics(self, results: Table | list[Table]) -> dict[str, float]:
        """Return the figures of the joined columns, or of the list that :meth:`process` filled."""
        return self.compute(_join([results], None) if isinstance(results, list) else results)

    def meta(self, key: str) -> Any:
        """Return an entry of the data set's description.

        Raises:
            RuntimeError: ``dataset_meta`` was not set.
            KeyError: it has no such entry.
        """
        name = type(self).__name__
        if self.dataset_meta is None:
            raise RuntimeError(f'{name}.dataset_meta is not set; set it to the metainfo of the data set that is tested')
        if key not in self.dataset_meta:
            has = ', '.join(sorted(map(str, self.dataset_meta)))
            raise KeyError(f'{name}.dataset_meta has no {key!r}; it has {has}')
        return self.dataset_meta[key]

    def _report_lost(self, table: Table, size: int) -> None:
        seen = int(table['sample'].max()) + 1 if table else 0
        if seen < size:
            MMLogger.get_current_instance().warning(
                f'{type(self).__name__}: {size - seen} of {size} samples have no prediction'
            )


def _identity(samples: list[dict], counts: np.ndarray) -> Table:
    """Columns that tell rows apart: data set, image and sample, instance in the sample, place in the batch."""
    position = per_instance(np.arange(len(samples)), counts)
    instance = np.arange(len(position)) - per_instance(np.cumsum(counts) - counts, counts)
    columns = {'position': position, 'instance': instance}
    try:
        ids, img_ids = [s['id'] for s in samples], [s['img_id'] for s in samples]
    except KeyError:
        return columns
    names = [s.get('dataset_name', '') for s in samples]
    return columns | {k: per_instance(v, counts) for k, v in (('id', ids), ('img_id', img_ids), ('set', names))}


def _join(processes: list[list[Table]], size: int | None) -> Table:
    """Join the tables of all processes; the column ``sample`` then numbers the different samples.

    A sampler fills up the last batches with samples from the beginning, so that a sample can come twice; one of
    them is kept. Samples without ids are put in the order of the data set and cut at its size, as mmengine does.
    """
    tables = []
    for rank, chunks in enumerate(processes):
        start = 0
        for chunk in chunks:
            table = dict(chunk)
            place = table.pop('position') + start
            start = int(place[-1]) + 1 if len(place) else start
            table['place'] = place * len(processes) + rank
            tables.append(table)
    tables = [t for t in tables if len(t['place'])]
    if not tables:
        return {}
    named = all('id' in t for t in tables)
    columns = [k for k in tables[0] if named or k not in ('id', 'img_id', 'set')]
    joined = {k: np.concatenate([t[k] for t in tables]) if len(tables) > 1 else tables[0][k] for k in columns}
    if named:
        sample = _number([joined['set'], joined['img_id'], joined['id']])
        _, keep = np.unique(sample * (joined['instance'].max() + 1) + joined['instance'], return_index=True)
    else:
        sample = joined['place']
        keep = np.argsort(sample, kind='stable')
        keep = keep if size is None or len(processes) == 1 else keep[sample[keep] < size]
    joined['sample'] = sample
    if len(keep) == len(sample) and (keep[:-1] < keep[1:]).all():
        keep = slice(None)  # nothing to drop or to move: no copy
    return {k: v[keep] for k, v in joined.items() if k not in ('place', 'instance', 'set')}


def _number(columns: list[np.ndarray]) -> np.ndarray:
    """Number the different rows from 0, in sorted order."""
    codes = [np.unique(c, return_inverse=True) for c in columns if (c != c[0]).any()]
    number = np.zeros(len(columns[0]), np.int64)
    for values, code in codes:
        number = number * len(values) + code
    return np.unique(number, return_inverse=True)[1]
