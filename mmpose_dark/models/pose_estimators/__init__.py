"""Whole networks, from images to keypoints."""

from .base import BasePoseEstimator
from .heatmap_ensemble import HeatmapEnsemble
from .topdown import TopDown

__all__ = ['BasePoseEstimator', 'HeatmapEnsemble', 'TopDown']
