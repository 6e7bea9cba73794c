"""Registering the components of mmpose_dark in one call."""

import importlib

from mmengine.registry import DefaultScope

__all__ = ['register_all_modules']

_MODULES = (
    'codecs',
    'datasets',
    'engine',
    'evaluation.evaluator',
    'evaluation.metrics',
    'models',
    'visualization.local_visualizer',
)


def register_all_modules(init_default_scope: bool = True) -> None:
    """Import every package that registers components.

    The registries import lazily, so this is needed only to build from mmengine's own registries.

    Args:
        init_default_scope: also make ``mmpose_dark`` mmengine's default scope.

    >>> from mmengine.registry import MODELS
    >>> register_all_modules(init_default_scope=False)
    >>> MODELS.get('mmpose_dark.TopDown').__name__
    'TopDown'
    """
    for module in _MODULES:
        importlib.import_module(f'mmpose_dark.{module}')
    if init_default_scope and not DefaultScope.check_instance_created('mmpose_dark'):
        DefaultScope.get_instance('mmpose_dark', scope_name='mmpose_dark')
