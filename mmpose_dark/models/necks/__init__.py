"""What stands between a backbone and a head."""

from .base_neck import BaseNeck
from .feature_map_processor import FeatureMapProcessor

__all__ = ['BaseNeck', 'FeatureMapProcessor']
