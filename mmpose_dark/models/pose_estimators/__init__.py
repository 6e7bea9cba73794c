"""Whole models, from images to keypoints."""

from .heatmap_ensemble import HeatmapEnsemble
from .topdown import TopDown

__all__ = ['HeatmapEnsemble', 'TopDown']
