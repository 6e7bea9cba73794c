"""Configs: reading, looking up by name, walking, validating, writing as text.

The names are imported on first use: a program that only prints its help reads no config and needs no mmengine.
"""

from ..utils.lazy import lazy_names

__all__ = [
    'ConfigError',
    'PoseConfig',
    'as_pose_config',
    'config_text',
    'find_config',
    'list_configs',
    'load_config',
    'validate_config',
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        'ConfigError': 'errors',
        'PoseConfig': 'reading',
        'as_pose_config': 'reading',
        'config_text': 'text',
        'find_config': 'lookup',
        'list_configs': 'lookup',
        'load_config': 'reading',
        'validate_config': 'validate',
    },
)
