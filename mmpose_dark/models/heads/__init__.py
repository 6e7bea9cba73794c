"""Networks from feature maps to heatmaps, with their loss and decoding."""

from .heatmap_head import HeatmapHead

__all__ = ['HeatmapHead']
