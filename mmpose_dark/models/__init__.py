"""The networks: backbones, heads, losses, the preprocessor of batches and the top-down detector."""

from .backbones import Hourglass, HRNet, ResNet
from .data_preprocessor import PoseDataPreprocessor
from .detectors import HeatmapEnsemble, TopDown
from .heads import HeatmapHead
from .losses import KeypointMSELoss

__all__ = [
    'HRNet',
    'HeatmapEnsemble',
    'HeatmapHead',
    'Hourglass',
    'KeypointMSELoss',
    'PoseDataPreprocessor',
    'ResNet',
    'TopDown',
]
