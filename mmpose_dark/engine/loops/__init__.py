"""Passes over the data: training by epoch or by iteration, validation and test."""

from .eval_loops import TestLoop, ValLoop
from .train_loops import EpochBasedTrainLoop, IterBasedTrainLoop

__all__ = ['EpochBasedTrainLoop', 'IterBasedTrainLoop', 'TestLoop', 'ValLoop']
