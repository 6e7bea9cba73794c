"""A checkpoint of each family: published under its hash, fetched by tools/test.py, and it gives the same figures."""

import collections
import hashlib
import json

import pytest
import torch

from mmpose_dark.config.reading import load_config
from mmpose_dark.registry import MODELS

pytestmark = pytest.mark.usefixtures('cache')


def bare(weights: dict) -> dict:
    """Names as in the official code: no ``backbone.`` and no ``head.``."""
    return {k.removeprefix('backbone.').removeprefix('head.'): v for k, v in weights.items()}


def parallel(weights: dict) -> dict:
    """Names as torch's DataParallel writes them."""
    return {f'module.{k}': v for k, v in bare(weights).items()}


# family as the log says it -> from our weights to what its code saves
FAMILIES = {
    'mmpose_dark': lambda w: dict(state_dict=w, meta=dict(epoch=210)),
    'mmpose 0.x': lambda w: dict(
        state_dict=collections.OrderedDict((k.replace('head.', 'keypoint_head.'), v) for k, v in w.items()),
        meta=dict(epoch=210, CLASSES=None, mmpose_version='0.6.0'),
    ),
    'official, plain': bare,
    'official, DataParallel': parallel,
    'official, training state': lambda w: dict(
        epoch=140, model='pose_resnet', state_dict=parallel(w), best_state_dict=bare(w), perf=0.7, optimizer={},
    ),
}  # fmt: skip


@pytest.fixture(scope='module')
def weights(tiny_config):
    torch.manual_seed(0)
    return MODELS.build(load_config(tiny_config).model).state_dict()


@pytest.fixture(scope='module')
def expected(weights, tiny_config, tmp_path_factory, run_tool):
    """Metrics of the weights, read from a file of this project's own form."""
    folder = tmp_path_factory.mktemp('own')
    torch.save(dict(state_dict=weights), folder / 'own.pth')
    run_tool('test.py', tiny_config, folder / 'own.pth', '--work-dir', folder, '--out', folder / 'own.json')
    metrics = json.loads((folder / 'own.json').read_text())
    assert metrics['PCK'] > 0  # a figure that other weights would not give
    return metrics


@pytest.mark.parametrize('family', FAMILIES)
def test_download_check_load_test(family, weights, expected, tiny_config, call_tool, host, tmp_path):
    folder, url = host
    draft = tmp_path / 'draft.pth'
    torch.save(FAMILIES[family](weights), draft)
    name = f'net-{hashlib.sha256(draft.read_bytes()).hexdigest()[:8]}_20200709.pth'
    draft.rename(folder / name)
    out = tmp_path / 'metrics.json'
    said = call_tool('test.py', tiny_config, f'{url}/{name}', '--work-dir', tmp_path / 'work', '--out', out)
    assert 'its hash is right' in said
    assert 'all parameters loaded' in said
    assert json.loads(out.read_text()) == expected


def test_a_file_that_is_not_what_its_name_says(weights, tiny_config, call_tool, host, tmp_path):
    folder, url = host
    torch.save(dict(state_dict=weights), folder / 'net-00000000_20200709.pth')
    said = call_tool('test.py', tiny_config, f'{url}/net-00000000_20200709.pth', '--work-dir', tmp_path, status=2)
    assert 'net-00000000_20200709.pth' in said
    assert 'deleted' in said
