"""Trackers: who of a frame is who of the frames before. The names are imported on first use."""

from ...utils.lazy import lazy_names

_HOMES = {
    'BaseTracker': 'base',
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
