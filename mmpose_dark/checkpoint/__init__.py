"""Checkpoints: fetching, reading safely, converting, loading, writing atomically."""

from .download import download_checkpoint
from .errors import CheckpointError
from .loading import load_backbone_weights, load_checkpoint
from .pretrained import Pretrained
from .reading import load_state_dict_file
from .writing import save_checkpoint

__all__ = [
    'CheckpointError',
    'Pretrained',
    'download_checkpoint',
    'load_backbone_weights',
    'load_checkpoint',
    'load_state_dict_file',
    'save_checkpoint',
]
