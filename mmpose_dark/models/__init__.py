"""The networks: backbones, heads, losses, the preprocessor of batches and the pose estimators made of them."""

from .backbones import BaseBackbone, Hourglass, HRNet, ResNet
from .data_preprocessor import PoseDataPreprocessor
from .heads import BaseHead, HeatmapHead
from .losses import KeypointMSELoss
from .pose_estimators import BasePoseEstimator, HeatmapEnsemble, TopDown

__all__ = [
    'BaseBackbone',
    'BaseHead',
    'BasePoseEstimator',
    'HRNet',
    'HeatmapEnsemble',
    'HeatmapHead',
    'Hourglass',
    'KeypointMSELoss',
    'PoseDataPreprocessor',
    'ResNet',
    'TopDown',
]
