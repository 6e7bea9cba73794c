"""Networks from an image to feature maps."""

from .base_backbone import BaseBackbone
from .hourglass import Hourglass
from .hrnet import HRNet
from .resnet import ResNet, ResNetV1d

__all__ = ['BaseBackbone', 'HRNet', 'Hourglass', 'ResNet', 'ResNetV1d']
