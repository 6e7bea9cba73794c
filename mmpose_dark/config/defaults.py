"""What a component of a config is built with, the defaults that the config does not write included."""

import inspect
from collections.abc import Mapping

from ..utils.pose_registry import PoseRegistry, call_chain

__all__ = ['with_defaults']


def with_defaults(settings: Mapping[str, object], registry: PoseRegistry) -> dict[str, object]:
    """Return the settings of a component with the defaults of those that are not given, ``type`` first.

    Args:
        settings: a dict with ``type``.
        registry: that it is looked up in.

    >>> from mmpose_dark.registry import TRANSFORMS
    >>> with_defaults(dict(type='GetBBoxCenterScale'), TRANSFORMS)
    {'type': 'GetBBoxCenterScale', 'padding': 1.25}
    """
    kind = settings['type']
    component = registry.get(kind) if isinstance(kind, str) else kind
    found: dict[str, object] = {'type': kind if isinstance(kind, str) else kind.__name__}
    for function in call_chain(component):
        parameters = inspect.signature(function).parameters.values()
        for parameter in parameters:
            if parameter.default is not parameter.empty and parameter.name not in found:
                found[parameter.name] = parameter.default
        if not any(p.kind == p.VAR_KEYWORD for p in parameters):
            break
    return {**found, **{key: value for key, value in settings.items() if key != 'type'}}
