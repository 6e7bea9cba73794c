"""What happens around training and testing."""

from .checkpoint_hook import CheckpointHook
from .progress_bar_hook import ProgressBarHook
from .runtime_info_hook import RuntimeInfoHook
from .visualization_hook import PoseVisualizationHook

__all__ = ['CheckpointHook', 'PoseVisualizationHook', 'ProgressBarHook', 'RuntimeInfoHook']
