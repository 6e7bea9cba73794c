"""Helpers that every room may use: errors, files, progress, devices, the base of the registries."""

from typing import Any

__all__ = ['register_all_modules']


def __getattr__(name: str) -> Any:
    if name == 'register_all_modules':  # imports mmengine, which the numpy core does without
        from .setup_env import register_all_modules

        return register_all_modules
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
