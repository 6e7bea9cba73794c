"""Configs: reading, looking up by name, walking, validating, writing as text.

The names are imported on first use: a program that only prints its help reads no config and needs no mmengine.
"""

import importlib

_HOMES = {
    'ConfigError': 'errors',
    'PoseConfig': 'reading',
    'as_pose_config': 'reading',
    'config_text': 'text',
    'find_config': 'lookup',
    'list_configs': 'lookup',
    'load_config': 'reading',
    'validate_config': 'validate',
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(importlib.import_module(f'{__name__}.{_HOMES[name]}'), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
