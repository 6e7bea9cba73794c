"""Accelerated networks give what the plain one gives."""

import gc
import importlib.util
import json
import runpy
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from pose_nets import save_random_weights

from mmpose_dark.apis import inference_topdown, init_model
from mmpose_dark.deploy import Acceleration, accelerate, openvino
from mmpose_dark.deploy.signal_stack import signal_stack
from mmpose_dark.utils.errors import StateError

CONFIG = Path(__file__).parents[1] / 'inference' / 'tiny_pose_config.py'
needs_openvino = pytest.mark.skipif(importlib.util.find_spec('openvino') is None, reason='OpenVINO is not installed')
needs_onnx = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ('onnxruntime', 'onnx', 'onnxscript'))), reason='what writes ONNX is missing'
)
FLIP = {'model.test_cfg.flip_test': True, 'model.test_cfg.output_heatmaps': True}


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_random_weights(CONFIG, tmp_path_factory.mktemp('weights'))


def heatmaps_of(checkpoint: str, image: np.ndarray, flip_batch: bool = False, **acceleration: object) -> np.ndarray:
    """Heatmaps of an image's two people, with flip test: (2, 17, H, W)."""
    options = {**FLIP, 'model.test_cfg.flip_batch': flip_batch}
    model = init_model(CONFIG, checkpoint, cfg_options=options, acceleration=acceleration)
    people = inference_topdown(model, image, [[0, 0, 100, 200], [50, 20, 300, 230]])
    return np.stack([person.pred_fields.heatmaps.numpy() for person in people])


# What was measured on this network: at most 1e-6 of the largest value in float32, 2e-2 in bfloat16.
@pytest.mark.parametrize(
    ('acceleration', 'tolerance'),
    [
        (dict(fuse_conv_bn=True), 1e-5),
        (dict(channels_last=True), 1e-5),
        (dict(fuse_conv_bn=True, channels_last=True), 1e-5),
        (dict(amp='auto', channels_last=True), 6e-2),
        pytest.param(dict(backend='openvino'), 1e-5, marks=needs_openvino),
        pytest.param(dict(backend='openvino', fuse_conv_bn=True), 1e-5, marks=[needs_openvino, pytest.mark.slow]),
        pytest.param(dict(backend='openvino-bf16'), 6e-2, marks=needs_openvino),
        pytest.param(dict(backend='onnxruntime'), 1e-5, marks=[needs_onnx, pytest.mark.slow]),
        pytest.param(dict(compile=True), 1e-5, marks=pytest.mark.slow),
        pytest.param(dict(compile=True, amp='bfloat16', fuse_conv_bn=True), 6e-2, marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize('flip_batch', [False, True])
def test_heatmaps_are_those_of_the_plain_network(
    checkpoint: str, acceleration: dict, tolerance: float, flip_batch: bool
) -> None:
    image = np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    plain = heatmaps_of(checkpoint, image)
    fast = heatmaps_of(checkpoint, image, flip_batch, **acceleration)
    assert fast.dtype == np.float32
    assert np.abs(fast - plain).max() <= tolerance * np.abs(plain).max()


@needs_openvino
def test_every_batch_size_and_earlier_results_stay(checkpoint: str) -> None:
    plain = init_model(CONFIG, checkpoint)
    fast = init_model(CONFIG, checkpoint, acceleration=dict(backend='openvino'))
    batches = [torch.randn(n, 3, 96, 64) for n in (3, 1, 4)]
    with torch.no_grad():
        found = [fast(b) for b in batches]
        for a, b in zip(found, batches, strict=True):
            torch.testing.assert_close(a, plain(b), rtol=1e-4, atol=1e-4)


def test_the_fastest_back_end_is_found_once(checkpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of some that stand in for what is installed; a conversion that fails is no candidate."""
    from mmpose_dark.deploy import fastest

    made = []

    def backend(name: str) -> Callable:
        def make(model: torch.nn.Module, example: torch.Tensor) -> Callable:
            made.append(name)
            if name == 'broken':
                raise StateError('another network')
            return lambda inputs: (time.sleep(0.2 * (name == 'slow')), torch.zeros(len(inputs), 17, 24, 16))[1]

        return make

    monkeypatch.setenv('MMPOSE_DARK_CACHE', str(tmp_path / 'cache'))
    monkeypatch.setattr(fastest, 'backend_function', backend)
    monkeypatch.setattr(fastest, '_NEEDS', dict.fromkeys(('slow', 'quick', 'broken'), ('torch',)))
    fast = dict(backend='auto')
    model = init_model(CONFIG, checkpoint, acceleration=fast)
    assert made == ['slow', 'quick', 'broken']
    assert not model.eval()(torch.ones(2, 3, 96, 64)).any()
    init_model(CONFIG, checkpoint, acceleration=fast)
    assert made[3:] == ['quick']
    (tmp_path / 'cache' / 'backends.json').write_text('no json')
    init_model(CONFIG, checkpoint, acceleration=fast)
    assert made[4:] == ['slow', 'quick', 'broken']
    monkeypatch.setattr(fastest, '_NEEDS', {'torch': ('torch',)})
    assert init_model(CONFIG, checkpoint, acceleration=fast).network_in_place is None


def test_compiled_networks_get_batches_of_one_size() -> None:
    from mmpose_dark.deploy.acceleration import _FixedBatch

    sizes = []

    def network(x: torch.Tensor) -> torch.Tensor:
        sizes.append(len(x))
        return 2 * x

    fixed = _FixedBatch(network)
    for count in (4, 2, 4, 6, 1):
        x = torch.randn(count, 3, 2, 2)
        torch.testing.assert_close(fixed(x), 2 * x)
    assert sizes == [4, 4, 4, 6, 6]


def test_training_and_weights_are_the_modules_own(checkpoint: str) -> None:
    model = init_model(CONFIG, checkpoint)
    names = set(model.state_dict())
    model.use_network(torch.nn.Conv2d(3, 17, 1))
    assert set(model.state_dict()) == names
    assert model(torch.zeros(1, 3, 96, 64)).shape == (1, 17, 96, 64)
    assert model.train()(torch.zeros(2, 3, 96, 64)).shape == (2, 17, 24, 16)
    model.use_network(None)
    assert model.eval()(torch.zeros(1, 3, 96, 64)).shape == (1, 17, 24, 16)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(backend='onnx'), "'onnx' is unknown; use one of torch, openvino, onnxruntime, auto, openvino-bf16"),
        (dict(backend='openvino', amp='auto'), 'amp is for the torch backend'),
        (dict(backend='openvino-bf16', compile=True, channels_last=True), 'compile and channels_last is for'),
        (dict(amp='float16', device='cpu'), 'float16 needs CUDA'),
    ],
)
def test_what_does_not_go_together_is_refused(checkpoint: str, options: dict, message: str) -> None:
    options.pop('device', None)
    with pytest.raises(ValueError, match=message):
        init_model(CONFIG, checkpoint, acceleration=options)


def test_other_devices_missing_packages_and_other_models(checkpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match='has no TopDown network'):
        accelerate(torch.nn.Linear(1, 1), Acceleration(fuse_conv_bn=True))
    model = init_model(CONFIG, checkpoint)
    if importlib.util.find_spec('openvino'):
        with pytest.raises(ValueError, match='runs on the CPU, the model is on meta'):
            openvino.openvino_network(model, torch.zeros(1, 3, 96, 64, device='meta'))
    monkeypatch.setitem(sys.modules, 'openvino', None)
    with pytest.raises(ImportError, match='pip install openvino'):
        accelerate(model, Acceleration(backend='openvino'))


@needs_openvino
def test_a_conversion_that_changes_the_network_is_refused(checkpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import openvino as package

    convert = package.convert_model

    def wrong(network: torch.nn.Module, **kwargs: object) -> object:
        layer = network.model.head.final_layer
        kept, layer.bias = layer.bias, torch.nn.Parameter(torch.randn(17))
        converted = convert(network, **kwargs)
        layer.bias = kept
        return converted

    monkeypatch.setattr(package, 'convert_model', wrong)
    with pytest.raises(RuntimeError, match='computes something else in OpenVINO'):
        init_model(CONFIG, checkpoint, acceleration=dict(backend='openvino'))


@pytest.mark.slow
@needs_openvino
@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='about a call of Linux')
def test_networks_that_come_and_go_leave_no_signal_stack(checkpoint: str) -> None:
    before = signal_stack()
    networks = [init_model(CONFIG, checkpoint, acceleration=dict(backend='openvino')) for _ in range(2)]
    assert signal_stack() == before
    while networks:
        del networks[0]
        gc.collect()
        assert signal_stack() == before
    subprocess.run([sys.executable, '-c', ''], check=True)


ROWS = [[], ['--fuse-conv-bn', '--channels-last'], pytest.param(['--backend', 'openvino'], marks=needs_openvino)]


@pytest.mark.parametrize('options', ROWS)
def test_the_test_tool_takes_the_options(
    checkpoint: str, tiny_coco: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    metrics = run_test_tool(checkpoint, tiny_coco, tmp_path, monkeypatch, options)
    plain = run_test_tool(checkpoint, tiny_coco, tmp_path, monkeypatch, [])
    assert metrics.keys() == plain.keys()
    for name, value in plain.items():
        assert metrics[name] == pytest.approx(value, abs=1e-6)


def run_test_tool(
    checkpoint: str, data: SimpleNamespace, folder: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> dict:
    tool = runpy.run_path(str(Path(__file__).parents[2] / 'tools' / 'test.py'))
    out = folder / 'metrics.json'
    arguments = [
        'test.py', str(CONFIG), checkpoint, '--device', 'cpu', '--work-dir', str(folder / 'work'), '--out', str(out),
        *options, '--cfg-options', f'test_dataloader.dataset.data_root={data.root}',
    ]  # fmt: skip
    monkeypatch.setattr(sys, 'argv', arguments)
    assert tool['main']() == 0
    return json.loads(out.read_text())


def test_half_precision_of_torch_is_not_openvinos(checkpoint: str, tiny_coco: SimpleNamespace, tmp_path: Path) -> None:
    from mmpose_dark.config.reading import ConfigError

    with pytest.MonkeyPatch.context() as patch, pytest.raises(ConfigError, match='--amp is for the torch backend'):
        run_test_tool(checkpoint, tiny_coco, tmp_path, patch, ['--backend', 'openvino', '--amp'])
