"""Configs: reading, looking up by name, validating, writing as text."""

from .lookup import find_config, list_configs
from .reading import ConfigError, PoseConfig, as_pose_config, load_config
from .text import config_text
from .validate import validate_config

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
