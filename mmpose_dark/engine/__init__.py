"""Training and testing: runner, loops, hooks, samplers, checkpoints."""

from .amp import AmpOptimWrapper
from .device import resolve_device
from .evaluator import Evaluator
from .hooks import CheckpointHook, PoseVisualizationHook, ProgressBarHook, RuntimeInfoHook
from .latest import find_latest_checkpoint
from .loops import EpochBasedTrainLoop, IterBasedTrainLoop, TestLoop, ValLoop
from .runner import PoseRunner
from .samplers import DefaultSampler, InfiniteSampler
from .validate_config import validate_config

__all__ = [
    'AmpOptimWrapper',
    'CheckpointHook',
    'DefaultSampler',
    'EpochBasedTrainLoop',
    'Evaluator',
    'InfiniteSampler',
    'IterBasedTrainLoop',
    'PoseRunner',
    'PoseVisualizationHook',
    'ProgressBarHook',
    'RuntimeInfoHook',
    'TestLoop',
    'ValLoop',
    'find_latest_checkpoint',
    'resolve_device',
    'validate_config',
]
