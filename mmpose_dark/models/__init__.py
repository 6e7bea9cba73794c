"""The networks: backbones, necks, heads, losses, the preprocessor of batches and the pose estimators made of them."""

from .averaged_model import ExpMomentumEMA
from .backbones import BaseBackbone, Hourglass, HourglassNet, HRNet, ResNet, ResNetV1d, VisionTransformer
from .data_preprocessor import PoseDataPreprocessor
from .heads import BaseHead, CPMHead, HeatmapHead
from .losses import AdaptiveWingLoss, CombinedTargetMSELoss, KeypointMSELoss, KeypointOHKMMSELoss
from .necks import BaseNeck, FeatureMapProcessor
from .pose_estimators import BasePoseEstimator, HeatmapEnsemble, TopDown

__all__ = [
    'AdaptiveWingLoss',
    'BaseBackbone',
    'BaseHead',
    'BaseNeck',
    'BasePoseEstimator',
    'CPMHead',
    'CombinedTargetMSELoss',
    'ExpMomentumEMA',
    'FeatureMapProcessor',
    'HRNet',
    'HeatmapEnsemble',
    'HeatmapHead',
    'Hourglass',
    'HourglassNet',
    'KeypointMSELoss',
    'KeypointOHKMMSELoss',
    'PoseDataPreprocessor',
    'ResNet',
    'ResNetV1d',
    'TopDown',
    'VisionTransformer',
]
