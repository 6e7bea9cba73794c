"""A heatmap network in an ONNX file in place of a checkpoint."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mmpose_dark.deploy.onnx_session import OnnxFileError, OnnxSession
from mmpose_dark.inference import init_model
from mmpose_dark.utils.errors import InputError

pytest.importorskip('onnx')
sys.path.insert(0, str(Path(__file__).parents[1] / 'helpers'))
from onnx_files import write_convolution

CONFIG = Path(__file__).parents[1] / 'inference' / 'tiny_pose_config.py'


@pytest.mark.parametrize('backend', ['openvino', 'onnxruntime'])
@pytest.mark.parametrize('batch', [1, 3, 'batch'])
def test_any_batch_gives_what_torch_gives(tmp_path, backend, batch):
    pytest.importorskip(backend)
    path, kernel = write_convolution(tmp_path / 'net.onnx', batch=batch)
    session = OnnxSession(path, backend=backend)
    images = torch.randn(5, 3, 96, 64, generator=torch.Generator().manual_seed(0))
    expected = torch.nn.functional.conv2d(images, torch.from_numpy(kernel), stride=4).numpy()
    for count in (1, 2, 5):
        (found,) = session(images[:count].numpy())
        np.testing.assert_allclose(found, expected[:count], atol=1e-4)


def test_a_model_uses_it_with_our_codec(tmp_path):
    path, kernel = write_convolution(tmp_path / 'net.onnx')
    model = init_model(CONFIG, path)
    images = torch.randn(4, 3, 96, 64, generator=torch.Generator().manual_seed(1))
    heatmaps = torch.nn.functional.conv2d(images, torch.from_numpy(kernel), stride=4)
    assert torch.allclose(model(images), heatmaps, atol=1e-4)
    expected = model.head.decoder.points(heatmaps)
    assert torch.allclose(model.points(images).keypoints, expected.keypoints, atol=0.05)


def test_sizes_that_do_not_fit_are_named(tmp_path):
    for options, told in (
        (dict(size=(48, 64)), r'its input is images \(.*3, 64, 48\), the config has crops \(B, 3, 96, 64\)'),
        (dict(channels=14), r'gives heatmaps \(.*14, 24, 16\), the config needs heatmaps \(B, 17, 24, 16\)'),
        (dict(stride=8), r'the config needs heatmaps \(B, 17, 24, 16\)'),
    ):
        path, _ = write_convolution(tmp_path / 'net.onnx', **options)
        with pytest.raises(OnnxFileError, match=told):
            init_model(CONFIG, path)


def test_ways_of_torch_are_refused(tmp_path):
    path, _ = write_convolution(tmp_path / 'net.onnx')
    with pytest.raises(InputError, match='amp is for networks of torch'):
        init_model(CONFIG, path, acceleration=dict(amp='bfloat16'))


def test_test_py_runs_it_and_train_py_refuses_it(tmp_path, tiny_coco, capsys):
    from mmpose_dark.cli import test, train

    path, _ = write_convolution(tmp_path / 'net.onnx')
    options = ['--cfg-options', f'test_dataloader.dataset.data_root={tiny_coco.root}']
    out = tmp_path / 'metrics.json'
    arguments = [str(CONFIG), str(path), '--work-dir', str(tmp_path / 'w'), '--out', str(out), '--device', 'cpu']
    assert test.main([*arguments, *options]) == 0
    assert all(0 <= value <= 1 for value in json.loads(out.read_text()).values())
    config = tmp_path / 'train.py'
    config.write_text(
        f"_base_ = ['{CONFIG}']\nload_from = '{path}'\ntrain_cfg = dict(by_epoch=True, max_epochs=1)\n"
        "optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))\nmodel = dict(backbone=dict(init_cfg=None))\n"
    )
    options = ['--cfg-options', f'train_dataloader.dataset.data_root={tiny_coco.root}']
    with pytest.raises(InputError, match='has no weights to train'):
        train.main([str(config), '--work-dir', str(tmp_path / 't'), '--device', 'cpu', '--no-validate', *options])
