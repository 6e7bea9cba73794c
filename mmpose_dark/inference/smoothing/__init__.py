"""Smoothers: keypoints that do not tremble. The names are imported on first use."""

from ...utils.lazy import lazy_names

_HOMES = {
    'SMOOTHERS': 'names',
    'BaseSmoother': 'base',
    'BaseTrackSmoother': 'base',
    'KalmanSmoother': 'kalman_smoother',
    'OneEuroSmoother': 'one_euro',
    'TwoPassSmoother': 'two_pass',
    'make_smoother': 'names',
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
