"""Recognising families, and every reference network's names against the networks here."""

import collections
import gzip
import json
import pathlib

import pytest
import torch

from mmpose_dark.checkpoint.families import convert, recognise
from mmpose_dark.checkpoint.networks import describe_network
from mmpose_dark.checkpoint.state_dict import split_weights, strip_wrappers

ROOT = pathlib.Path(__file__).resolve().parents[2]
TAGS = [
    ('darkpose/res50_128x96_d256x3_adam_lr1e-3', 'Simple Baselines', 'ResNet-50, 3 deconvolutions, 17 keypoints'),
    ('darkpose/res101_128x96_d256x3_adam_lr1e-3', 'Simple Baselines', 'ResNet-101, 3 deconvolutions, 17 keypoints'),
    ('darkpose/res152_128x96_d256x3_adam_lr1e-3', 'Simple Baselines', 'ResNet-152, 3 deconvolutions, 17 keypoints'),
    ('darkpose/coco_hrnet_w32_128x96_adam_lr1e-3', 'HRNet', 'HRNet-W32, 17 keypoints'),
    ('darkpose/coco_hrnet_w48_128x96_adam_lr1e-3', 'HRNet', 'HRNet-W48, 17 keypoints'),
    ('darkpose/mpii_hrnet_w32_256x256_adam_lr1e-3', 'HRNet', 'HRNet-W32, 16 keypoints'),
    ('darkpose/hg4_128x96', 'DarkPose Hourglass', 'Hourglass of 4 stacks, 17 keypoints'),
    ('darkpose/hg8_128x96', 'DarkPose Hourglass', 'Hourglass of 8 stacks, 17 keypoints'),
    ('simple_baselines/resnet50', 'Simple Baselines', 'ResNet-50, 3 deconvolutions, 17 keypoints'),
    ('simple_baselines/resnet50_caffe', 'Simple Baselines', 'ResNet-50, 3 deconvolutions, 17 keypoints'),
    ('mmpose1/res50', 'mmpose 1.x', 'ResNet-50, 3 deconvolutions, 17 keypoints'),
    ('mmpose1/res101', 'mmpose 1.x', 'ResNet-101, 3 deconvolutions, 17 keypoints'),
    ('mmpose1/res152', 'mmpose 1.x', 'ResNet-152, 3 deconvolutions, 17 keypoints'),
    ('mmpose1/hrnet_w32', 'mmpose 1.x', 'HRNet-W32, 17 keypoints'),
    ('mmpose1/hrnet_w48', 'mmpose 1.x', 'HRNet-W48, 17 keypoints'),
    ('mmpose1/hrnet_w32_wholebody', 'mmpose 1.x', 'HRNet-W32, 133 keypoints'),
    ('mmpose1/hrnet_w32_mpii', 'mmpose 1.x', 'HRNet-W32, 16 keypoints'),
    ('mmpose0/res50_coco_256x192_dark', 'mmpose 0.x', 'ResNet-50, 3 deconvolutions, 17 keypoints'),
    ('mmpose0/hrnet_w32_coco_256x192_dark', 'mmpose 0.x', 'HRNet-W32, 17 keypoints'),
    ('mmpose0/hrnet_w48_coco_wholebody_384x288_dark_plus', 'mmpose 0.x', 'HRNet-W48, 133 keypoints'),
]


@pytest.fixture(scope='module')
def reference(shared):
    keys = json.loads(gzip.decompress((shared / 'golden/models/state_dict_keys.json.gz').read_bytes()))
    configs = json.loads((shared / 'golden/models/models.json').read_text())
    assert {t[0] for t in TAGS} == set(keys)
    return {
        tag: ({k: torch.empty(shape, device='meta') for k, shape in keys[tag].items()}, configs[tag]['config'])
        for tag in keys
    }


@pytest.mark.parametrize(('tag', 'family', 'network'), TAGS)
def test_reference_names(reference, tag, family, network):
    weights = strip_wrappers({f'module.{k}': v for k, v in reference[tag][0].items()})
    found = recognise(weights)
    assert found.name.startswith(family)
    converted = convert(weights, found)
    assert len(converted) == len(weights)
    assert describe_network(converted) == network
    assert {k.split('.')[0] for k in converted} <= {'backbone', 'head'}


@pytest.mark.parametrize('tag', [t[0] for t in TAGS])
def test_reference_names_are_those_of_the_network_of_the_config(reference, tag):
    from mmengine.config import Config

    from mmpose_dark.registry import MODELS

    weights, config = reference[tag]
    if not (ROOT / config).is_file():
        pytest.skip(f'no {config}')
    model = Config.fromfile(ROOT / config).model
    with torch.device('meta'):
        network = MODELS.build(model)
    own = {k: tuple(v.shape) for k, v in network.state_dict().items()}
    assert own == {k: tuple(v.shape) for k, v in convert(weights, recognise(weights)).items()}


def tensors(*names):
    return {n: torch.zeros(2) for n in names}


@pytest.mark.parametrize(
    ('checkpoint', 'names', 'rest'),
    [
        (dict(state_dict=tensors('a'), meta=1), ['a'], ['meta']),
        (dict(model='pose_hrnet', best_state_dict=tensors('a'), perf=0.5), ['a'], ['model', 'perf']),
        (dict(model=tensors('a')), ['a'], []),
        (tensors('a', 'b'), ['a', 'b'], []),
        (dict(state_dict=tensors('module.a'), best_state_dict=tensors('b'), epoch=1), ['a'], ['epoch']),
        (dict(state_dict=tensors('_orig_mod.module.a')), ['a'], []),
        (dict(state_dict=tensors('module.a', 'b')), ['module.a', 'b'], []),
        (dict(state_dict=collections.OrderedDict(a=torch.nn.Parameter(torch.zeros(1)))), ['a'], []),
        (dict(state_dict=tensors('a'), ema_state_dict=tensors('module.a')), ['a'], ['ema_state_dict']),
    ],
)
def test_where_the_weights_are(checkpoint, names, rest):
    weights, others = split_weights(checkpoint)
    assert list(weights) == names
    assert list(others) == rest


@pytest.mark.parametrize('checkpoint', [{}, dict(epoch=1), dict(state_dict={}), dict(state_dict=dict(a=1), model='x')])
def test_no_weights(checkpoint):
    with pytest.raises(ValueError, match='no weights found; looked under state_dict'):
        split_weights(checkpoint)


def test_several_final_layers_of_mmpose_0():
    """In 0.x the convolutions before the last one were numbered inside final_layer."""
    names = ['backbone.a', 'keypoint_head.final_layer.0.weight', 'keypoint_head.final_layer.1.bias']
    names += ['keypoint_head.final_layer.3.weight', 'keypoint_head.final_layer.3.bias']
    weights = tensors(*names)
    assert list(convert(weights, recognise(weights))) == [
        'backbone.a',
        'head.conv_layers.0.weight',
        'head.conv_layers.1.bias',
        'head.final_layer.weight',
        'head.final_layer.bias',
    ]


def test_unknown_names_stay():
    weights = tensors('encoder.weight')
    assert recognise(weights) is None
    assert convert(weights, None) == weights
    assert describe_network(weights) == 'a network'


def test_odd_resnets_are_described():
    weights = {f'layer{i}.{j}.conv1.weight': torch.zeros(1) for i in (1, 2, 3, 4) for j in range(i)}
    assert describe_network(weights) == 'ResNet with 1-2-3-4 blocks'
