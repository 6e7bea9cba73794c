"""A small real network on the tiny COCO set, run by the tools in processes of their own."""

import functools
import http.server
import importlib
import os
import pathlib
import runpy
import subprocess
import sys
import textwrap
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope='session')
def tiny_config(tiny_coco, tmp_path_factory):
    """A config of ResNet-18 at 64x64 on the tiny COCO set; returns its path."""
    path = tmp_path_factory.mktemp('configs') / 'tiny.py'
    text = f"""
    _base_ = {[str(ROOT / 'configs/_base_/default_runtime.py')]!r}
    codec = dict(type='MSRAHeatmap', input_size=(64, 64), heatmap_size=(16, 16), sigma=1.0, unbiased=True)
    model = dict(
        type='TopDown',
        data_preprocessor=dict(type='PoseDataPreprocessor', mean=[123.7, 116.3, 103.5], std=[58.4, 57.1, 57.4]),
        backbone=dict(type='ResNet', depth=18),
        head=dict(
            type='HeatmapHead',
            in_channels=512,
            out_channels=17,
            deconv_out_channels=(16, 16, 16),
            deconv_kernel_sizes=(4, 4, 4),
            loss=dict(type='KeypointMSELoss', use_target_weight=True),
            decoder=codec,
        ),
        test_cfg=dict(flip_test=True, flip_mode='heatmap', shift_heatmap=False),
    )
    load = [dict(type='LoadImage'), dict(type='GetBBoxCenterScale')]
    crop = [dict(type='TopdownAffine', input_size=(64, 64)), dict(type='PackPoseInputs')]
    augment = [dict(type='RandomFlip'), dict(type='RandomBBoxTransform')]
    dataset = dict(
        type='CocoDataset', data_root={str(tiny_coco.root)!r}, ann_file='annotations/person.json',
        data_prefix=dict(img='images/'),
    )
    train_dataloader = dict(
        batch_size=2, num_workers=1, sampler=dict(type='DefaultSampler', shuffle=True),
        dataset=dict(pipeline=load + augment + crop, **dataset),
    )
    val_dataloader = dict(
        batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(pipeline=load + crop, test_mode=True, **dataset),
    )
    test_dataloader = val_dataloader
    val_evaluator = [
        dict(type='CocoMetric', ann_file={tiny_coco.ann_file!r}, nms_mode='none'), dict(type='PCKAccuracy', thr=0.5),
    ]
    test_evaluator = val_evaluator
    train_cfg = dict(by_epoch=True, max_epochs=2, val_interval=1)
    val_cfg = dict()
    test_cfg = dict()
    optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3))
    param_scheduler = [dict(type='LinearLR', begin=0, end=4, start_factor=0.1, by_epoch=False)]
    auto_scale_lr = dict(base_batch_size=8)
    default_hooks = dict(checkpoint=dict(interval=1), logger=dict(interval=1))
    """
    path.write_text(textwrap.dedent(text))
    return str(path)


@pytest.fixture(scope='session')
def random_checkpoint(tiny_config, tmp_path_factory):
    """Weights of `tiny_config`'s network that were never trained, but give heatmaps with some shape to them."""
    import torch

    from mmpose_dark.apis import init_model
    from mmpose_dark.checkpoint import save_checkpoint

    torch.manual_seed(0)
    model = init_model(tiny_config)
    torch.nn.init.normal_(model.head.final_layer.weight)
    path = tmp_path_factory.mktemp('weights') / 'random.pth'
    save_checkpoint(dict(state_dict=model.state_dict()), path)
    return path


@pytest.fixture
def call_tool(tmp_path, monkeypatch, capfd):
    """Run a Python tool in this process, which spares the imports: call_tool('train.py', 'config.py')."""

    def call(tool, *args, status=0):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, 'argv', [tool, *map(str, args)])
        ended = 0
        try:
            runpy.run_path(str(ROOT / 'tools' / tool), run_name='__main__')
        except SystemExit as end:
            ended = end.code or 0
        out, err = capfd.readouterr()
        assert ended == status, out + err
        return out + err

    return call


@pytest.fixture(scope='session')
def run_tool(tmp_path_factory):
    """Run a tool from another folder than the clone: run_tool('train.py', 'config.py', '--amp')."""
    folder = tmp_path_factory.mktemp('elsewhere')
    here = str(ROOT / 'tests' / 'engine')
    env = {**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHON': sys.executable, 'PYTHONPATH': here, 'COLUMNS': '200'}

    def run(tool, *args, status=0, cwd=folder, **variables):
        program = ['bash'] if tool.endswith('.sh') else [sys.executable]
        command = [*program, str(ROOT / 'tools' / tool), *map(str, args)]
        done = subprocess.run(
            command, cwd=cwd, env={**env, **variables}, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == status, f'{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}'
        return done.stdout + done.stderr

    run.env = env
    return run


@pytest.fixture
def host(tmp_path):
    """A folder and the address it is served at."""
    folder = tmp_path / 'host'
    folder.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *_: None
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs=dict(poll_interval=0.01), daemon=True)
    thread.start()
    yield folder, f'http://127.0.0.1:{server.server_port}'
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Downloads of this test go to a cache of its own."""
    monkeypatch.setenv('MMPOSE_DARK_CACHE', str(tmp_path / 'cache'))


@pytest.fixture
def converter(monkeypatch):
    """Import a converter by its name."""
    monkeypatch.syspath_prepend(str(ROOT / 'tools' / 'dataset_converters'))
    return importlib.import_module
