"""The key that makes augmentation a function of (seed, epoch, index)."""

from typing import NamedTuple

__all__ = ['SampleKey']


class SampleKey(NamedTuple):
    """Asks a dataset for one sample with its own stream of random numbers.

    The same key gives the same sample whatever process loads it and whatever was loaded before.

    Attributes:
        index: of the sample.
        epoch: of the training, from 0.
        seed: of the run.
    """

    index: int
    epoch: int = 0
    seed: int = 0
