"""Networks from an image to feature maps."""

from .base_backbone import BaseBackbone
from .hourglass import Hourglass
from .hourglass_net import HourglassNet
from .hrnet import HRNet
from .resnet import ResNet, ResNetV1d
from .vision_transformer import VisionTransformer

__all__ = ['BaseBackbone', 'HRNet', 'Hourglass', 'HourglassNet', 'ResNet', 'ResNetV1d', 'VisionTransformer']
