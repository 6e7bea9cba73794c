"""Walks of a config against configs written out here, and against every shipped one."""

import pathlib
import subprocess
import sys

import pytest

from mmpose_dark.config import load_config
from mmpose_dark.config.errors import ConfigError
from mmpose_dark.config.tree import (
    components,
    dataset_of,
    datasets_of,
    evaluators_of,
    image_pipeline,
    keypoint_definition,
)
from mmpose_dark.registry import DATASETS, LOOPS, METRICS, MODELS

CONFIGS = pathlib.Path(__file__).resolve().parents[2] / 'configs' / 'top_down'
COCO = dict(type='CocoDataset', ann_file='coco.json')
AIC = dict(type='AicDataset', ann_file='aic.json', pipeline=[dict(type='KeypointConverter')])
JOINED = dict(type='CombinedDataset', metainfo=dict(from_file='coco'), datasets=[COCO, AIC], pipeline=[dict(type='A')])
TWICE = dict(type='RepeatDataset', times=2, dataset=JOINED)


def loaders(**datasets: dict) -> dict:
    return {f'{phase}_dataloader': dict(dataset=dataset) for phase, dataset in datasets.items()}


def test_datasets_within_datasets_are_found_with_their_whole_pipelines() -> None:
    parts = list(datasets_of(loaders(train=TWICE), 'train'))
    assert [(p.place, p.config, p.pipeline) for p in parts] == [
        ('train_dataloader.dataset.dataset.datasets[0]', COCO, [dict(type='A')]),
        ('train_dataloader.dataset.dataset.datasets[1]', AIC, [dict(type='KeypointConverter'), dict(type='A')]),
    ]
    assert list(datasets_of(loaders(train=TWICE), 'val')) == []
    assert list(datasets_of(dict(val_dataloader=None), 'val')) == []
    assert dataset_of(loaders(train=COCO), 'train') is COCO


def test_the_phase_that_is_tested_decides() -> None:
    aic, coco = dict(AIC, metainfo=dict(from_file='aic')), dict(COCO, pipeline=[dict(type='B')])
    assert keypoint_definition(loaders(train=aic, val=JOINED)) == dict(from_file='coco')
    assert keypoint_definition(loaders(train=aic, test=COCO)) == DATASETS.get('CocoDataset').METAINFO
    assert keypoint_definition(loaders(train=dict(TWICE, metainfo=dict(from_file='mpii')))) == dict(from_file='mpii')
    assert keypoint_definition({}) is None
    assert image_pipeline(loaders(val=AIC, test=coco)) == [dict(type='B')]
    assert image_pipeline(loaders(val=AIC, test=COCO)) == AIC['pipeline']
    assert image_pipeline(loaders(test=TWICE)) == [dict(type='A')]
    with pytest.raises(ConfigError, match=r'no test_dataloader\.dataset\.pipeline'):
        image_pipeline(loaders(train=AIC))


def test_evaluators_are_always_a_list() -> None:
    one = dict(type='CocoMetric')
    assert evaluators_of(dict(val_evaluator=one), 'val') == evaluators_of(dict(val_evaluator=[one]), 'val') == [one]
    assert evaluators_of(dict(val_evaluator=None), 'val') == evaluators_of({}, 'test') == []


def typed(value: object) -> int:
    """Count the dicts with a type, without knowing what may stand where."""
    if isinstance(value, dict):
        return ('type' in value) + sum(map(typed, value.values()))
    return sum(map(typed, value)) if isinstance(value, list | tuple) else 0


@pytest.mark.parametrize('path', sorted(CONFIGS.rglob('*.py'))[::11], ids=lambda p: p.stem)
def test_components_are_all_there_once(path: pathlib.Path) -> None:
    cfg = load_config(path)
    read = cfg.to_dict()
    for name in ('train_pipeline', 'val_pipeline', 'vis_backends'):  # variables, which nothing is built from
        read.pop(name, None)
    found = list(components(cfg))
    places = [part.place for part in found]
    assert len(set(places)) == len(places)
    assert sum('type' in part.value for part in found) == typed(read)
    by_place = {part.place: part for part in found}
    assert by_place['model.head'].registry is MODELS
    assert by_place['val_evaluator'].registry is METRICS
    assert (by_place['test_cfg'].registry, by_place['test_cfg'].default) == (LOOPS, 'TestLoop')


def test_a_list_of_evaluators_and_an_evaluator_of_metrics() -> None:
    metrics = [dict(type='CocoMetric'), dict(type='PCKAccuracy')]
    listed = [p.place for p in components(dict(val_evaluator=metrics))]
    assert listed == ['val_evaluator.0', 'val_evaluator.1']
    whole = [(p.place, p.registry.name) for p in components(dict(val_evaluator=dict(metrics=metrics)))]
    assert whole == [('val_evaluator', 'evaluator'), ('val_evaluator.metrics.0', 'metric'),
                     ('val_evaluator.metrics.1', 'metric')]  # fmt: skip


def test_the_room_is_cheap_to_import() -> None:
    """Its names are there at once; mmengine and torch only where one is used that needs them."""
    code = (
        'import sys, mmpose_dark.config as c; from mmpose_dark.config import ConfigError, find_config, list_configs; '
        'assert list_configs(); print(sorted({"torch", "mmengine", "cv2"} & set(sys.modules))); '
        'assert set(c.__all__) <= set(dir(c)); assert callable(c.load_config); assert "mmengine" in sys.modules'
    )
    said = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == '[]'
    with pytest.raises(AttributeError, match='no attribute'):
        __import__('mmpose_dark.config').config.nothing  # noqa: B018
