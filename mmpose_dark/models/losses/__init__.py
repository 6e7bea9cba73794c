"""Losses of heatmaps."""

from .adaptive_wing_loss import AdaptiveWingLoss
from .heatmap_loss import KeypointMSELoss
from .ohkm_loss import KeypointOHKMMSELoss

__all__ = ['AdaptiveWingLoss', 'KeypointMSELoss', 'KeypointOHKMMSELoss']
