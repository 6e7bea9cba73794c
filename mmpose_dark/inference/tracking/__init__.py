"""Trackers: who of a frame is who of the frames before. The names are imported on first use."""

from ...utils.lazy import lazy_names

_HOMES = {
    'BaseTracker': 'base',
    'FlowTracker': 'flow_tracker',
    'Motion': 'motion',
    'PoseTracker': 'pose_tracker',
    'StagedTracker': 'lives',
    'TRACKERS': 'names',
    'make_tracker': 'names',
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
