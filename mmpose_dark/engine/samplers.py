"""Which process sees which sample when.

The samplers yield `SampleKey`, not plain numbers: the augmentation of a sample is drawn from
(seed, epoch, index), so that it depends neither on the number of loader workers nor on where a
resumed run starts. Both can start in the middle (`skip`) without reading what was already trained on.
"""

import itertools
import math
from collections.abc import Iterator, Sized

import torch
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from ..datasets.sample_key import SampleKey
from ..registry import DATA_SAMPLERS

__all__ = ['DefaultSampler', 'InfiniteSampler']


def _permutation(size: int, seed: int, epoch: int) -> list[int]:
    generator = torch.Generator()
    generator.manual_seed(seed + epoch)
    return torch.randperm(size, generator=generator).tolist()


class _KeySampler(Sampler[SampleKey]):
    """What both samplers hold: the dataset's size, this process's place, the seed and the epoch."""

    def __init__(self, dataset: Sized, shuffle: bool, seed: int | None) -> None:
        self.rank, self.world_size = get_dist_info()
        self.dataset = dataset
        self.shuffle = shuffle
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch = 0
        self._skip = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order and the augmentation of the next pass.

        >>> sampler = DefaultSampler([10, 11, 12], seed=0)
        >>> sampler.set_epoch(1)
        >>> next(iter(sampler)).epoch
        1
        """
        self.epoch = epoch

    def skip(self, samples: int) -> None:
        """Leave out the first ``samples`` of this process in the next pass (only).

        >>> sampler = DefaultSampler([10, 11, 12], shuffle=False, seed=0)
        >>> sampler.skip(2)
        >>> [key.index for key in sampler], [key.index for key in sampler]
        ([2], [0, 1, 2])
        """
        self._skip = samples

    def _take_skip(self) -> int:
        skip, self._skip = self._skip, 0
        return skip


@DATA_SAMPLERS.register_module()
class DefaultSampler(_KeySampler):
    """One pass over a dataset, divided over the processes.

    Shuffled, the processes take turns in one common order. In order (evaluation), each process takes
    one contiguous share, so that the shares joined by rank are the dataset's order again.

    Args:
        dataset: anything with a length.
        shuffle: draw a new order each epoch.
        seed: the same in all processes; None to draw one and share it.
        round_up: repeat samples from the start until every process has equally many, as training in
            step needs; without it each sample is drawn exactly once. None means: when shuffling.
    """

    def __init__(
        self, dataset: Sized, shuffle: bool = True, seed: int | None = None, round_up: bool | None = None
    ) -> None:
        super().__init__(dataset, shuffle, seed)
        self.round_up = shuffle if round_up is None else round_up

    def _share(self) -> list[int]:
        size = len(self.dataset)
        order = _permutation(size, self.seed, self.epoch) if self.shuffle else list(range(size))
        if self.round_up and size:
            total = math.ceil(size / self.world_size) * self.world_size
            order = list(itertools.islice(itertools.cycle(order), total))
        if self.shuffle:
            return order[self.rank :: self.world_size]
        each, extra = divmod(len(order), self.world_size)  # the first `extra` processes have one more
        first = self.rank * each + min(self.rank, extra)
        return order[first : first + each + (self.rank < extra)]

    def __iter__(self) -> Iterator[SampleKey]:
        share = self._share()[self._take_skip() :]
        return (SampleKey(index, self.epoch, self.seed) for index in share)

    def __len__(self) -> int:
        """Return the number of samples that this process draws in a whole pass."""
        first = 0 if self.round_up else self.rank
        return math.ceil((len(self.dataset) - first) / self.world_size)


@DATA_SAMPLERS.register_module()
class InfiniteSampler(_KeySampler):
    """Pass after pass without end, for loops that count iterations.

    Args:
        dataset: anything with a length.
        shuffle: draw a new order in each pass.
        seed: the same in all processes; None to draw one and share it.
    """

    def __init__(self, dataset: Sized, shuffle: bool = True, seed: int | None = None) -> None:
        super().__init__(dataset, shuffle, seed)

    def __iter__(self) -> Iterator[SampleKey]:
        size = len(self.dataset)
        if not size:
            return
        position = self._take_skip() * self.world_size + self.rank
        order: list[int] = []
        drawn_pass = -1
        while True:
            current, place = divmod(position, size)
            if current != drawn_pass:
                order = _permutation(size, self.seed, current) if self.shuffle else list(range(size))
                drawn_pass = current
            yield SampleKey(order[place], current, self.seed)
            position += self.world_size

    def __len__(self) -> int:
        """Return the size of the dataset, a pass's length over all processes."""
        return len(self.dataset)

    def set_epoch(self, epoch: int) -> None:
        """Do nothing: the passes are counted here."""
