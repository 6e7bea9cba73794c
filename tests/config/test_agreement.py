"""Settings that must agree, each made to differ alone."""

import copy

import pytest

from mmpose_dark.config import ConfigError, load_config, validate_config
from mmpose_dark.config.agreement import disagreements
from mmpose_dark.config.lookup import find_config

CODEC = dict(type='MSRAHeatmap', input_size=(192, 256), heatmap_size=(48, 64), sigma=2, unbiased=True)


def loader(*more: dict, dataset: str = 'CocoDataset') -> dict:
    pipeline = [dict(type='TopdownAffine', input_size=(192, 256)), *more]
    return dict(dataset=dict(type=dataset, pipeline=pipeline))


@pytest.fixture
def cfg() -> dict:
    head = dict(type='HeatmapHead', in_channels=512, out_channels=17, decoder=CODEC)
    return copy.deepcopy(
        dict(
            model=dict(type='TopDown', head=head, test_cfg=dict(flip_test=True)),
            train_dataloader=loader(dict(type='GenerateTarget', encoder=dict(CODEC))),
            val_dataloader=loader(),
            test_dataloader=loader(),
            val_evaluator=dict(type='CocoMetric'),
            test_evaluator=[dict(type='CocoMetric')],
        )
    )


def put(cfg: dict, place: str, value: object) -> None:
    *path, last = place.split('.')
    node = cfg
    for key in path:
        node = node[int(key) if key.isdigit() else key]
    node[last] = value


def test_a_config_in_agreement(cfg: dict) -> None:
    assert list(disagreements(cfg)) == []
    assert list(disagreements({})) == list(disagreements(dict(model=None, train_dataloader=3))) == []


@pytest.mark.parametrize(
    ('place', 'value', 'count', 'words'),
    [
        ('model.head.decoder.input_size', [96, 128], 4, 'input_size'),
        ('test_dataloader.dataset.pipeline.0.input_size', [256, 192], 1, 'test_dataloader'),
        ('train_dataloader.dataset.pipeline.0.input_size', [256, 256], 1, 'train_dataloader'),
        ('train_dataloader.dataset.pipeline.1.encoder.input_size', [96, 128], 1, 'GenerateTarget'),
        ('train_dataloader.dataset.pipeline.1.encoder.heatmap_size', [24, 32], 1, 'heatmap_size'),
        ('train_dataloader.dataset.pipeline.1.encoder.sigma', 3, 1, 'sigma'),
        ('val_dataloader.dataset.pipeline.0.use_udp', True, 1, 'use_udp=False'),
        ('model.head.decoder.blur_kernel_size', 3, 1, 'does not go with sigma=2'),
        ('model.head.decoder.blur_kernel_size', 63, 1, 'does not go with sigma=2'),
        ('model.head.out_channels', 16, 3, 'the dataset has 17 keypoints, the network 16'),
        ('test_dataloader.dataset.type', 'AicDataset', 1, 'the dataset has 14 keypoints'),
        ('test_dataloader.dataset.metainfo', dict(from_file='mpii'), 1, 'the dataset has 16 keypoints'),
    ],
)
def test_one_setting_differs(cfg: dict, place: str, value: object, count: int, words: str) -> None:
    put(cfg, place, value)
    found = list(disagreements(cfg))
    assert len(found) == count
    assert all(words in line for line in found)


def test_what_may_differ(cfg: dict) -> None:
    put(cfg, 'model.head.decoder.unbiased', False)  # only the decoding changes
    put(cfg, 'test_dataloader.dataset.type', 'CrowdPoseDataset')
    put(cfg, 'test_evaluator.0.pred_converter', dict(num_keypoints=14, mapping=[(5, 0)]))
    assert [line.split(':')[0] for line in disagreements(cfg)] == ['model.metainfo']
    put(cfg, 'model.metainfo', dict(from_file='coco'))
    assert list(disagreements(cfg)) == []


def test_more_keypoints_than_the_dataset(cfg: dict) -> None:
    """mmpose's recipes of COCO and AIC together: 19 heatmaps, 17 of them for COCO."""
    put(cfg, 'model.head.out_channels', 19)
    put(cfg, 'model.test_cfg.output_keypoint_indices', list(range(17)))
    put(cfg, 'model.metainfo', dict(from_file='configs/_base_/datasets/coco_aic.py'))
    cfg['train_dataloader']['dataset']['pipeline'].append(dict(type='KeypointConverter', num_keypoints=19, mapping=[]))
    assert list(disagreements(cfg)) == []
    put(cfg, 'model.metainfo', None)
    assert [line.split(':')[0] for line in disagreements(cfg)] == ['model.metainfo', 'model.metainfo']
    put(cfg, 'model.test_cfg.output_keypoint_indices', [*range(16), 19])
    assert any('are not all below the 19' in line for line in disagreements(cfg))


@pytest.mark.parametrize(
    ('groups', 'said'),
    [
        (dict(norm_decay_mult=0), ['norm_decay_mult']),
        (dict(bias_decay_mult=0, flat_decay_mult=0.5, bias_lr_mult=2), ['bias_decay_mult', 'flat_decay_mult']),
        (
            dict(custom_keys=dict(backbone=dict(decay_mult=0), head=dict(lr_mult=2))),
            ['custom_keys.backbone.decay_mult'],
        ),
        (dict(custom_keys=dict(head=dict(lr_mult=2))), []),
        (None, []),
    ],
)
def test_factors_of_a_weight_decay_that_is_not_set(cfg: dict, groups: dict | None, said: list[str]) -> None:
    cfg['optim_wrapper'] = dict(optimizer=dict(type='AdamW', lr=1e-3), paramwise_cfg=groups)
    found = list(disagreements(cfg))
    assert [line.split()[0].removeprefix('optim_wrapper.paramwise_cfg.') for line in found] == said
    put(cfg, 'optim_wrapper.optimizer.weight_decay', 0)
    assert list(disagreements(cfg)) == []


def test_validation_says_it() -> None:
    cfg = load_config(find_config('people_dark_192x144'), {'model.head.decoder.input_size': [96, 128]})
    with pytest.raises(ConfigError, match='stretched'):
        validate_config(cfg)
