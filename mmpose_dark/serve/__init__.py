"""A local page where people drop images and videos and see poses. The names are imported on first use."""

from ..utils.lazy import lazy_names

_HOMES = {
    'JobQueue': 'jobs',
    'Limits': 'limits',
    'PoseService': 'service',
    'create_app': 'app',
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
