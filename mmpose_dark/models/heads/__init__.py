"""Networks from feature maps to heatmaps, with their loss and decoding."""

from .base_head import BaseHead
from .heatmap_head import HeatmapHead

__all__ = ['BaseHead', 'HeatmapHead']
