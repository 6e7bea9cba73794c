"""Which class a config stands for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmengine.registry import Registry

__all__ = ['class_of', 'is_subclass']


def class_of(config: object, registry: 'Registry') -> type | None:
    """Return the class that ``dict(type=...)`` stands for; None where it stands for none that is registered.

    >>> from mmpose_dark.registry import DATASETS
    >>> class_of(dict(type='CocoDataset'), DATASETS).__name__, class_of(dict(type='Cocoa'), DATASETS)
    ('CocoDataset', None)
    """
    kind = config.get('type') if isinstance(config, Mapping) else None
    if isinstance(kind, str):
        kind = registry.get(kind)
    return kind if isinstance(kind, type) else None


def is_subclass(config: object, registry: 'Registry', base: type) -> bool:
    """Tell whether ``dict(type=...)`` stands for ``base`` or a class made from it.

    >>> from mmpose_dark.datasets import BaseCocoStyleDataset
    >>> from mmpose_dark.registry import DATASETS
    >>> is_subclass(dict(type='CocoDataset'), DATASETS, BaseCocoStyleDataset)
    True
    """
    kind = class_of(config, registry)
    return kind is not None and issubclass(kind, base)
