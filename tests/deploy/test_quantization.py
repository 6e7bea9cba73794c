"""A network in int8: which layers stay in float, and that it computes nearly the same."""

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest

from mmpose_dark.deploy.quantization import float_layers_to_try, network_layers, quantize_file
from mmpose_dark.utils.errors import InputError

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')
sys.path.insert(0, str(Path(__file__).parents[1] / 'helpers'))
import onnx
import onnxruntime as runtime
from onnx_files import write_convolution


def test_more_layers_stay_in_float_until_half_of_them_do():
    layers = [f'layer {i}' for i in range(30)]
    tried = list(float_layers_to_try(layers))
    assert tried[0] == []
    assert all(set(a) < set(b) for a, b in itertools.pairwise(tried))
    assert all(len(kept) <= 15 for kept in tried)
    assert {layers[0], layers[-1]} <= set(tried[1])


def test_a_convolution_in_int8_gives_nearly_the_same(tmp_path):
    source, _ = write_convolution(tmp_path / 'net.onnx')
    images = np.random.default_rng(0).standard_normal((8, 1, 3, 96, 64)).astype(np.float32)
    quantize_file(source, tmp_path / 'int8.onnx', [dict(images=image) for image in images])
    plain, rounded = (
        runtime.InferenceSession(str(path), providers=['CPUExecutionProvider']).run(None, dict(images=images[0]))[0]
        for path in (source, tmp_path / 'int8.onnx')
    )
    off = np.abs(plain - rounded).max() / np.abs(plain).max()
    assert 1e-5 < off < 0.03  # it is rounded, and not by more than that
    written = onnx.load(str(tmp_path / 'int8.onnx'))
    assert 'QuantizeLinear' in {node.op_type for node in written.graph.node}
    assert {entry.key: entry.value for entry in written.metadata_props}['precision'] == 'int8'


def test_what_has_no_layer_to_quantise_is_refused(tmp_path):
    source, _ = write_convolution(tmp_path / 'net.onnx')
    with pytest.raises(InputError, match='no layer of it is left'):
        quantize_file(source, tmp_path / 'int8.onnx', [], keep_float=network_layers(source))
