"""Walking the tree of a config: everything in it that is built, and the registry that it is looked up in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import registry
from ..utils.pose_registry import PoseRegistry
from . import positions

if TYPE_CHECKING:
    from mmengine.config import Config

__all__ = ['Component', 'components']


@dataclass(frozen=True)
class Component:
    """Something in a config that is built, or should be.

    Attributes:
        place: in the config, as ``model.head.loss``.
        value: what stands there, a dict with ``type`` if the config is right.
        registry: that it is looked up in; None for the config of a layer, which the network's code builds.
        default: its type where none is given.
    """

    place: str
    value: object
    registry: PoseRegistry | None
    default: str | None = None


def components(cfg: 'Config | Mapping[str, object]') -> Iterator[Component]:
    """Yield everything in a config that is built, each before what stands inside it.

    >>> model = dict(type='TopDown', head=dict(type='HeatmapHead', decoder=dict(type='MSRAHeatmap')))
    >>> [(part.place, part.registry.name) for part in components(dict(model=model))]
    [('model', 'model'), ('model.head', 'model'), ('model.head.decoder', 'keypoint codec')]
    """
    for name, (of, default) in positions.AT_THE_TOP.items():
        yield from _component(name, cfg.get(name), of, default)
    hooks = cfg.get('default_hooks')
    for name, hook in hooks.items() if isinstance(hooks, Mapping) else ():
        yield from _component(f'default_hooks.{name}', hook, registry.HOOKS)
    by_epoch = (cfg.get('train_cfg') or {}).get('by_epoch', True)
    loops = dict(train='EpochBasedTrainLoop' if by_epoch else 'IterBasedTrainLoop', val='ValLoop', test='TestLoop')
    for phase, loop in loops.items():
        loader = cfg.get(f'{phase}_dataloader')
        for name, of in positions.IN_A_LOADER.items() if isinstance(loader, Mapping) else ():
            yield from _component(f'{phase}_dataloader.{name}', loader.get(name), of)
        evaluator = cfg.get(f'{phase}_evaluator')
        whole = isinstance(evaluator, Mapping) and 'metrics' in evaluator
        of, default = (registry.EVALUATORS, 'Evaluator') if whole else (registry.METRICS, None)
        yield from _component(f'{phase}_evaluator', evaluator, of, default)
        settings = cfg.get(f'{phase}_cfg')
        if isinstance(settings, Mapping):
            settings = {k: v for k, v in settings.items() if k != 'by_epoch'}
        yield from _component(f'{phase}_cfg', settings, registry.LOOPS, loop)


def _component(place: str, value: object, of: PoseRegistry, default: str | None = None) -> Iterator[Component]:
    """Yield one component, or each of a list of them, and what is inside."""
    if value is None:
        return
    if isinstance(value, list | tuple):
        for i, item in enumerate(value):
            yield from _component(f'{place}.{i}', item, of, default)
        return
    yield Component(place, value, of, default)
    kind = value.get('type', default) if isinstance(value, Mapping) else None
    if kind is not None and kind not in positions.FOREIGN:
        yield from _inside(place, value, of)


def _inside(place: str, settings: Mapping[str, object], of: PoseRegistry) -> Iterator[Component]:
    """Yield the components among a component's arguments."""
    for key, value in settings.items():
        if key in positions.NO_COMPONENTS or (key == 'optimizer' and of is registry.PARAM_SCHEDULERS):
            continue
        if key in positions.LAYER_KEYS:
            yield Component(f'{place}.{key}', value, None)
        elif _holds_components(value):
            yield from _component(f'{place}.{key}', value, positions.BY_KEY.get(key, of))
        elif isinstance(value, Mapping):
            yield from _inside(f'{place}.{key}', value, of)


def _holds_components(value: object) -> bool:
    if isinstance(value, Mapping):
        return 'type' in value
    return isinstance(value, list | tuple) and any(_holds_components(item) for item in value)
