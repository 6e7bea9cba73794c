"""The data in a config: the datasets of a phase, the pipeline that images go through, the evaluators.

Whoever looks for them asks here, so that datasets which join or repeat others are opened in one place. Nothing is
built, and mmengine is not needed to look.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from .errors import ConfigError

if TYPE_CHECKING:
    from mmengine.config import Config

__all__ = [
    'DatasetPart',
    'dataset_of',
    'datasets_of',
    'evaluators_of',
    'image_pipeline',
    'keypoint_definition',
]

Settings: TypeAlias = Mapping[str, object]


@dataclass(frozen=True)
class DatasetPart:
    """A dataset of a config that reads files itself, and holds no others.

    Attributes:
        place: in the config, as ``train_dataloader.dataset.datasets[1]``.
        config: of this dataset alone.
        pipeline: its own transforms and those of the datasets around it, in the order they run.
    """

    place: str
    config: Settings
    pipeline: list[Settings]


def dataset_of(cfg: 'Config | Settings', phase: str) -> dict | None:
    """Return the config of the dataset of ``'train'``, ``'val'`` or ``'test'``, None if there is none.

    >>> dataset_of(dict(val_dataloader=dict(dataset=dict(type='CocoDataset'))), 'val')
    {'type': 'CocoDataset'}
    """
    return (cfg.get(f'{phase}_dataloader') or {}).get('dataset')


def datasets_of(cfg: 'Config | Settings', phase: str) -> Iterator[DatasetPart]:
    """Yield the datasets of a phase that read files, also those within others that join or repeat them.

    >>> coco, aic = dict(type='CocoDataset'), dict(type='AicDataset', pipeline=[dict(type='KeypointConverter')])
    >>> joined = dict(type='CombinedDataset', datasets=[coco, aic], pipeline=[dict(type='LoadImage')])
    >>> for part in datasets_of(dict(train_dataloader=dict(dataset=joined)), 'train'):
    ...     print(part.place, [t['type'] for t in part.pipeline])
    train_dataloader.dataset.datasets[0] ['LoadImage']
    train_dataloader.dataset.datasets[1] ['KeypointConverter', 'LoadImage']
    """
    whole = dataset_of(cfg, phase)
    if whole:
        yield from _leaves(f'{phase}_dataloader.dataset', whole, [])


def _leaves(place: str, config: Settings, following: list[Settings]) -> Iterator[DatasetPart]:
    pipeline = [*(config.get('pipeline') or []), *following]
    inner = _inner(config)
    for name, part in inner.items():
        yield from _leaves(f'{place}.{name}', part, pipeline)
    if not inner:
        yield DatasetPart(place, config, pipeline)


def _inner(config: Settings) -> dict[str, Settings]:
    """Return the datasets that one joins (``datasets``) or repeats (``dataset``), by their place in it."""
    parts = config.get('datasets')
    if isinstance(parts, list | tuple):
        return {f'datasets[{i}]': part for i, part in enumerate(parts)}
    part = config.get('dataset')
    return {'dataset': part} if isinstance(part, Mapping) else {}


def _outer_to_inner(config: Settings | None) -> Iterator[Settings]:
    """Yield a dataset's config, its first inner dataset's, and so on."""
    while config:
        yield config
        config = next(iter(_inner(config).values()), None)


def image_pipeline(cfg: 'Config | Settings') -> list[dict]:
    """Return the transforms that an image goes through when the config is tested (or else validated).

    Of a dataset that joins or repeats others, the outermost pipeline counts.

    Raises:
        ConfigError: the config has none.

    >>> image_pipeline(dict(test_dataloader=dict(dataset=dict(pipeline=[dict(type='LoadImage')]))))
    [{'type': 'LoadImage'}]
    """
    for phase in ('test', 'val'):
        for config in _outer_to_inner(dataset_of(cfg, phase)):
            if config.get('pipeline'):
                return config['pipeline']
    raise ConfigError('the config has no test_dataloader.dataset.pipeline, so it is not known how to prepare an image')


def keypoint_definition(cfg: 'Config | Settings') -> Mapping | None:
    """Return the keypoint definition of the dataset that the config tests on (or else validates or trains on).

    Returns:
        ``metainfo`` of the dataset or, where it gives none, its class's own: what `parse_pose_metainfo` takes. None
        if the config has no dataset, one without a definition, or one that is not here.

    >>> keypoint_definition(dict(val_dataloader=dict(dataset=dict(type='CocoDataset', metainfo=dict(from_file='aic')))))
    {'from_file': 'aic'}
    """
    from ..registry import DATASETS

    for phase in ('test', 'val', 'train'):
        datasets = list(_outer_to_inner(dataset_of(cfg, phase)))
        for config in datasets:
            if config.get('metainfo'):
                return config['metainfo']
        if datasets:
            return getattr(DATASETS.get(datasets[-1]['type']), 'METAINFO', None)
    return None


def evaluators_of(cfg: 'Config | Settings', phase: str) -> list[dict]:
    """Return the evaluators of a phase, none, one or several, as a list.

    >>> evaluators_of(dict(val_evaluator=dict(type='CocoMetric')), 'val'), evaluators_of({}, 'val')
    ([{'type': 'CocoMetric'}], [])
    """
    found = cfg.get(f'{phase}_evaluator') or []
    return [found] if isinstance(found, Mapping) else list(found)
