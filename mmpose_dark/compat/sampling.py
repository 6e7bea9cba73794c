"""mmpose 1.x's sampler of several datasets in fixed shares."""

import itertools
from collections.abc import Iterator, Sequence

from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from ..datasets import CombinedDataset
from ..datasets.sample_key import SampleKey
from ..registry import DATA_SAMPLERS
from ..utils.errors import InputError

__all__ = ['MultiSourceSampler']


@DATA_SAMPLERS.register_module()
class MultiSourceSampler(Sampler[SampleKey]):
    """Fill each batch with a share of each dataset of a `CombinedDataset`; small datasets are repeated.

    Args:
        dataset: a `CombinedDataset`.
        batch_size: of a process.
        source_ratio: share of each dataset, of any sum.
        shuffle: draw a new order in each pass over a dataset.
        round_up: also draw a last batch that goes beyond the number of samples.
        seed: the same in all processes; None to draw one and share it.

    Raises:
        InputError: another dataset, or another number of shares than datasets.
    """

    def __init__(
        self,
        dataset: CombinedDataset,
        batch_size: int,
        source_ratio: Sequence[float],
        shuffle: bool = True,
        round_up: bool = True,
        seed: int | None = None,
    ) -> None:
        if not isinstance(dataset, CombinedDataset):
            raise InputError(f'MultiSourceSampler is for a CombinedDataset, got {type(dataset).__name__}')
        if len(source_ratio) != len(dataset.datasets) or not sum(source_ratio) > 0:
            raise InputError(
                f'MultiSourceSampler: source_ratio={list(source_ratio)} must have a share for each of the '
                f'{len(dataset.datasets)} datasets'
            )
        self.rank, self.world_size = get_dist_info()
        self.dataset, self.shuffle = dataset, shuffle
        self.seed, self.epoch = sync_random_seed() if seed is None else seed, 0
        counts = [int(batch_size * share / sum(source_ratio)) for share in source_ratio]
        self.counts = [batch_size - sum(counts[1:]), *counts[1:]]
        own = -(-len(dataset) // self.world_size)
        self._batches = -(-own // batch_size) if round_up else own // batch_size
        self.batch_size = batch_size

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next."""
        self.epoch = epoch

    def _numbers(self, source: int) -> Iterator[int]:
        """Yield this process's numbers of samples of a dataset, without end."""
        import torch

        sizes = [len(part) for part in self.dataset.datasets]
        generator = torch.Generator()
        generator.manual_seed(self.seed + 7919 * self.epoch + source)

        def every() -> Iterator[int]:
            while True:
                size = sizes[source]
                yield from torch.randperm(size, generator=generator).tolist() if self.shuffle else range(size)

        first = sum(sizes[:source])
        return (first + i for i in itertools.islice(every(), self.rank, None, self.world_size))

    def __iter__(self) -> Iterator[SampleKey]:
        sources = [self._numbers(source) for source in range(len(self.counts))]
        for _ in range(self._batches):
            for numbers, count in zip(sources, self.counts, strict=True):
                for index in itertools.islice(numbers, count):
                    yield SampleKey(index, self.epoch, self.seed)

    def __len__(self) -> int:
        return self._batches * self.batch_size
