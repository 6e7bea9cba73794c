"""Networks from feature maps to heatmaps, with their loss and decoding."""

from .base_head import BaseHead
from .cpm_head import CPMHead
from .heatmap_head import HeatmapHead

__all__ = ['BaseHead', 'CPMHead', 'HeatmapHead']
