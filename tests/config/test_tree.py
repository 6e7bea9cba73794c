"""Datasets, pipelines and evaluators are found in configs written out here."""

import subprocess
import sys

import pytest

from mmpose_dark.config.errors import ConfigError
from mmpose_dark.config.tree import dataset_of, datasets_of, evaluators_of, image_pipeline, keypoint_definition
from mmpose_dark.registry import DATASETS

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


def test_the_room_is_cheap_to_import() -> None:
    """Its names are there at once; mmengine and torch only where one is used that needs them."""
    code = (
        'import sys, mmpose_dark.config as c; from mmpose_dark.config import ConfigError, find_config, list_configs; '
        'from mmpose_dark.config.tree import datasets_of; '
        'assert list_configs(); print(sorted({"torch", "mmengine", "cv2"} & set(sys.modules))); '
        'assert set(c.__all__) <= set(dir(c)); assert callable(c.load_config); assert "mmengine" in sys.modules'
    )
    said = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == '[]'
    with pytest.raises(AttributeError, match='no attribute'):
        __import__('mmpose_dark.config').config.nothing  # noqa: B018
