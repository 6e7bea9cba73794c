"""Sinks: what writes results, one format each. The names are imported on first use."""

from ...utils.lazy import lazy_names

_HOMES = {
    'BaseSink': 'base',
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
