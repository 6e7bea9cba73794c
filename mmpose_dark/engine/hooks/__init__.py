"""What happens around training and testing."""

from .badcase_hook import BadCaseAnalysisHook
from .checkpoint_hook import CheckpointHook
from .logger_hook import LoggerHook
from .progress_bar_hook import ProgressBarHook
from .runtime_info_hook import RuntimeInfoHook
from .visualization_hook import PoseVisualizationHook

__all__ = [
    'BadCaseAnalysisHook',
    'CheckpointHook',
    'LoggerHook',
    'PoseVisualizationHook',
    'ProgressBarHook',
    'RuntimeInfoHook',
]
