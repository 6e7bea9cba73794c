"""Training and testing: runner, loops, hooks, samplers."""

from .amp import AmpOptimWrapper
from .hooks import BadCaseAnalysisHook, CheckpointHook, PoseVisualizationHook, ProgressBarHook, RuntimeInfoHook
from .latest import find_latest_checkpoint
from .layer_decay import LayerDecayOptimWrapperConstructor
from .loops import EpochBasedTrainLoop, IterBasedTrainLoop, TestLoop, ValLoop
from .optim import OptimWrapper
from .runner import PoseRunner
from .samplers import DefaultSampler, InfiniteSampler

__all__ = [
    'AmpOptimWrapper',
    'BadCaseAnalysisHook',
    'CheckpointHook',
    'DefaultSampler',
    'EpochBasedTrainLoop',
    'InfiniteSampler',
    'IterBasedTrainLoop',
    'LayerDecayOptimWrapperConstructor',
    'OptimWrapper',
    'PoseRunner',
    'PoseVisualizationHook',
    'ProgressBarHook',
    'RuntimeInfoHook',
    'TestLoop',
    'ValLoop',
    'find_latest_checkpoint',
]
