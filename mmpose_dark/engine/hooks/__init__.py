"""What happens around training and testing."""

from .checkpoint_hook import CheckpointHook
from .runtime_info_hook import RuntimeInfoHook

__all__ = ['CheckpointHook', 'RuntimeInfoHook']
