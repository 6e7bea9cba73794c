"""Smoothers: keypoints that do not tremble. The names are imported on first use."""

from ...utils.lazy import lazy_names

_HOMES = {
    'BaseSmoother': 'base',
    'BaseTrackSmoother': 'base',
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
