"""A checkpoint of each family: published under its hash, fetched by tools/test.py, and it gives the same metrics."""

import collections
import hashlib
import json

import pytest
import torch

from mmpose_dark.checkpoint.families import families
from mmpose_dark.config.reading import load_config
from mmpose_dark.registry import MODELS

pytestmark = pytest.mark.usefixtures('cache')

_STAGES = """
    stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(1,), num_channels=(8,)),
    stage2=dict(num_modules=1, num_branches=2, block='BASIC', num_blocks=(1, 1), num_channels=(8, 16)),
"""
# What a network changes in the tiny config, which has a ResNet-18.
NETWORKS = {
    'resnet': '',
    'hrnet': f"""
model = dict(
    backbone=dict(_delete_=True, type='HRNet', extra=dict({_STAGES})),
    head=dict(in_channels=8, deconv_out_channels=None, deconv_kernel_sizes=None),
)""",
    'hourglass': """
model = dict(
    backbone=dict(_delete_=True, type='Hourglass', num_stacks=1, num_features=16, out_channels=17),
    head=dict(
        in_channels=17, deconv_out_channels=None, deconv_kernel_sizes=None, final_layer=None, multi_output=True
    ),
)""",
}


def bare(weights: dict) -> dict:
    """Names as in the papers' code: no ``backbone.`` and no ``head.``."""
    return {k.removeprefix('backbone.').removeprefix('head.'): v for k, v in weights.items()}


def parallel(weights: dict) -> dict:
    """Names as torch's DataParallel writes them."""
    return {f'module.{k}': v for k, v in bare(weights).items()}


def mmpose0(weights: dict) -> dict:
    renamed = collections.OrderedDict((k.replace('head.', 'keypoint_head.'), v) for k, v in weights.items())
    return dict(state_dict=renamed, meta=dict(epoch=210, CLASSES=None, mmpose_version='0.6.0'))


def training_state(weights: dict) -> dict:
    """What the papers' code resumes from, its ``best_state_dict`` beside the weights."""
    return dict(
        epoch=140, model='pose_resnet', state_dict=parallel(weights), best_state_dict=bare(weights), perf=0.7,
        optimizer={},
    )  # fmt: skip


# network, from our weights to what the family's code saves, family as the log says it
CHECKPOINTS = {
    'mmpose 1.x': ('resnet', lambda w: dict(state_dict=w, meta=dict(epoch=210)), 'mmpose 1.x / mmpose_dark'),
    'mmpose 0.x': ('resnet', mmpose0, 'mmpose 0.x'),
    'ResNet, plain': ('resnet', bare, 'Simple Baselines / DarkPose ResNet'),
    'ResNet, DataParallel': ('resnet', parallel, 'Simple Baselines / DarkPose ResNet'),
    'ResNet, training state': ('resnet', training_state, 'Simple Baselines / DarkPose ResNet'),
    'HRNet, plain': ('hrnet', bare, 'HRNet / DarkPose HRNet'),
    'HRNet, DataParallel': ('hrnet', parallel, 'HRNet / DarkPose HRNet'),
    'Hourglass, DataParallel': ('hourglass', parallel, 'DarkPose Hourglass'),
}


@pytest.fixture(scope='module')
def configs(tiny_config, tmp_path_factory):
    folder = tmp_path_factory.mktemp('networks')
    for name, change in NETWORKS.items():
        (folder / f'{name}.py').write_text(f'_base_ = {tiny_config!r}\n{change}\n')
    return {name: str(folder / f'{name}.py') for name in NETWORKS}


@pytest.fixture(scope='module')
def weights(configs):
    torch.manual_seed(0)
    return {name: MODELS.build(load_config(path).model).state_dict() for name, path in configs.items()}


@pytest.fixture(scope='module')
def expected():
    """Metrics of the weights, read from a file of this project's own form, by network."""
    return {}


def metrics_of_own_file(network, configs, weights, call_tool, folder):
    torch.save(dict(state_dict=weights[network]), folder / 'own.pth')
    out = folder / 'own.json'
    call_tool('test.py', configs[network], folder / 'own.pth', '--work-dir', folder / 'own', '--out', out)
    metrics = json.loads(out.read_text())
    assert metrics['PCK'] > 0  # a value that other weights would not give
    return metrics


def test_a_checkpoint_of_every_family_is_among_them():
    # Vision transformers go their round trips in tests/checkpoint/test_hub.py and test_safetensors_file.py.
    transformers = {'ViTPose', 'ViTPose of transformers', 'MAE / timm vision transformer'}
    assert {family for _, _, family in CHECKPOINTS.values()} == {f.name for f in families()} - transformers


@pytest.mark.parametrize('name', CHECKPOINTS)
def test_download_check_load_test(name, weights, expected, configs, call_tool, host, tmp_path):
    network, saved_as, family = CHECKPOINTS[name]
    if network not in expected:
        expected[network] = metrics_of_own_file(network, configs, weights, call_tool, tmp_path)
    folder, url = host
    draft = tmp_path / 'draft.pth'
    torch.save(saved_as(weights[network]), draft)
    file = f'net-{hashlib.sha256(draft.read_bytes()).hexdigest()[:8]}_20200709.pth'
    draft.rename(folder / file)
    out = tmp_path / 'metrics.json'
    said = call_tool('test.py', configs[network], f'{url}/{file}', '--work-dir', tmp_path / 'work', '--out', out)
    assert 'its hash is right' in said
    assert f'checkpoint family {family}' in said
    assert 'all parameters loaded' in said
    assert json.loads(out.read_text()) == expected[network]


def test_a_file_that_is_not_what_its_name_says(weights, configs, call_tool, host, tmp_path):
    folder, url = host
    torch.save(dict(state_dict=weights['resnet']), folder / 'net-00000000_20200709.pth')
    said = call_tool('test.py', configs['resnet'], f'{url}/net-00000000_20200709.pth', '--work-dir', tmp_path, status=2)
    assert 'net-00000000_20200709.pth' in said
    assert 'deleted' in said
