"""The networks: backbones, heads, losses, the preprocessor of batches and the top-down detector."""

from .backbones import Hourglass, HRNet, ResNet
from .data_preprocessor import PoseDataPreprocessor
from .heads import HeatmapHead
from .losses import KeypointMSELoss
from .pose_estimators import HeatmapEnsemble, TopDown

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
