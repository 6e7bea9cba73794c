"""Networks from an image to feature maps."""

from .hourglass import Hourglass
from .hrnet import HRNet
from .resnet import ResNet

__all__ = ['HRNet', 'Hourglass', 'ResNet']
