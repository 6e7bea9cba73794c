"""Losses of heatmaps."""

from .adaptive_wing_loss import AdaptiveWingLoss
from .combined_target_loss import CombinedTargetMSELoss
from .heatmap_loss import KeypointMSELoss
from .ohkm_loss import KeypointOHKMMSELoss

__all__ = ['AdaptiveWingLoss', 'CombinedTargetMSELoss', 'KeypointMSELoss', 'KeypointOHKMMSELoss']
