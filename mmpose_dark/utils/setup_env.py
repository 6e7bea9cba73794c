"""Registering the components of mmpose_dark in one call."""

import importlib
import itertools
import warnings

from mmengine.registry import DefaultScope

__all__ = ['register_all_modules']

_SCOPE = 'mmpose_dark'
_NUMBERS = itertools.count(1)
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
        init_default_scope: also make ``mmpose_dark`` mmengine's default scope; if another package's was, with a
            warning.

    >>> from mmengine.registry import MODELS
    >>> register_all_modules(init_default_scope=False)
    >>> MODELS.get('mmpose_dark.TopDown').__name__
    'TopDown'
    """
    for module in _MODULES:
        importlib.import_module(f'mmpose_dark.{module}')
    if not init_default_scope:
        return
    if not DefaultScope.check_instance_created(_SCOPE):
        DefaultScope.get_instance(_SCOPE, scope_name=_SCOPE)
        return
    current = DefaultScope.get_current_instance()
    if current.scope_name != _SCOPE:
        warnings.warn(
            f'the default scope was {current.scope_name!r} and is {_SCOPE!r} now; use '
            'register_all_modules(init_default_scope=False) to keep it',
            stacklevel=2,
        )
        # The one created last counts, and none can be created twice by one name.
        DefaultScope.get_instance(f'{_SCOPE}-{next(_NUMBERS)}', scope_name=_SCOPE)
