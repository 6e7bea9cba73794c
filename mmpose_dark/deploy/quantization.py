"""An ONNX network in int8: weights and activations quantised with ONNX Runtime's tools, on crops of people."""

import ast
import importlib
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import numpy as np

from ..utils.errors import InputError, MissingPackageError

__all__ = ['Feed', 'float_layers_to_try', 'network_layers', 'quantize_file', 'require_quantization']

_LAYERS = ('Conv', 'ConvTranspose', 'Gemm', 'MatMul')
_KINDS = (*_LAYERS, 'Add', 'Clip', 'MaxPool', 'Relu', 'Resize')
"""What is quantised: the layers, and what lies between them, so that numbers stay whole from one to the next."""
_OPSET = 17  # scales for each channel need 13
_IR_VERSION = 8
_SCOPES = 'pkg.torch.onnx.name_scopes'

_PREPARES = 'onnxruntime.quantization.shape_inference'

Feed = Mapping[str, np.ndarray]


def require_quantization() -> ModuleType:
    """Return ``onnxruntime.quantization``.

    Raises:
        MissingPackageError: ONNX, ONNX Runtime or a part of it that quantises is not installed.
    """
    try:
        importlib.import_module('onnx')
        importlib.import_module(_PREPARES)
        return importlib.import_module('onnxruntime.quantization')
    except ImportError as err:
        raise MissingPackageError(
            f"int8 needs onnx and onnxruntime, which quantises ({err}): pip install 'mmpose_dark[export]'"
        ) from err


def network_layers(path: Path) -> list[str]:
    """Return the layers of the network in an ONNX file, first to last, each once.

    Of a file that was exported here these are the modules of the model (``model.backbone.conv1``): what normalises and
    decodes is none of them. Of another file, the names of the nodes.
    """
    return list(dict.fromkeys(_nodes_by_layer(importlib.import_module('onnx').load(str(path)))[0].values()))


def float_layers_to_try(layers: list[str]) -> Iterator[list[str]]:
    """Yield which layers stay in float: none, then more and more of the last ones and a few of the first.

    The first layer sees the image and the last ones make the heatmap: rounding costs most there.

    >>> [len(kept) for kept in float_layers_to_try([str(i) for i in range(30)])]
    [0, 3, 6, 11]
    """
    yield []
    first, last = 1, 2
    while first + last <= len(layers) / 2:
        yield [*layers[:first], *layers[-last:]]
        first, last = first + 1, last * 2


def quantize_file(source: Path, out: Path, feeds: Iterable[Feed], *, keep_float: Collection[str] = ()) -> None:
    """Write an ONNX file with its network in int8: weights for each channel, activations for each tensor.

    Normalisation and decoding stay as they are.

    Args:
        source: an ONNX file in float32.
        out: to write, in opset 17 or that of ``source``.
        feeds: inputs by name, whose activations give the ranges.
        keep_float: layers, of `network_layers`, that are not quantised.

    Raises:
        InputError: nothing in it can be quantised.
        MissingPackageError: what quantises is not installed.
    """
    tools, onnx = require_quantization(), importlib.import_module('onnx')
    prepare = importlib.import_module(_PREPARES).quant_pre_process
    model = onnx.load(str(source))
    about = {entry.key: entry.value for entry in model.metadata_props}
    layers, between = _nodes_by_layer(_modern(model, onnx))
    chosen = {name for name, layer in layers.items() if layer not in keep_float} | between
    if not chosen - between:
        raise InputError(f'{source}: no layer of it is left to be quantised')
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # its warnings are for those who call it by hand
    try:
        with TemporaryDirectory() as folder:
            plain, fused = Path(folder) / 'plain.onnx', Path(folder) / 'fused.onnx'
            onnx.save(_modern(model, onnx), str(plain))
            prepare(str(plain), str(fused), skip_symbolic_shape=True)
            tools.quantize_static(
                str(fused), str(out), _reader(tools, feeds), quant_format=tools.QuantFormat.QDQ, per_channel=True,
                activation_type=tools.QuantType.QUInt8, weight_type=tools.QuantType.QInt8,
                op_types_to_quantize=list(_KINDS), nodes_to_quantize=sorted(chosen),
            )  # fmt: skip
    finally:
        root.setLevel(level)
    written = onnx.load(str(out))
    onnx.helper.set_model_props(written, {**about, 'precision': 'int8'})
    onnx.save(written, str(out))


def _modern(model: object, onnx: ModuleType) -> object:
    """Return a model of an opset that can be quantised, whose only inputs are those that a user gives."""
    constants = {tensor.name for tensor in model.graph.initializer}
    given = [port for port in model.graph.input if port.name not in constants]
    del model.graph.input[:]
    model.graph.input.extend(given)
    opset = next(entry.version for entry in model.opset_import if entry.domain in ('', 'ai.onnx'))
    if opset >= _OPSET:
        return model
    model.ir_version = max(model.ir_version, _IR_VERSION)
    return onnx.version_converter.convert_version(model, _OPSET)


def _nodes_by_layer(model: object) -> tuple[dict[str, str], set[str]]:
    """Return the layer of each node that is one, and the other nodes of the network that may be quantised."""
    scopes = [_scope(node) for node in model.graph.node]
    exported = any(scope and scope.startswith('model.') for scope in scopes)
    layers, between = {}, set()
    for node, scope in zip(model.graph.node, scopes, strict=True):
        if node.op_type not in _KINDS or (exported and not (scope or '').startswith('model.')):
            continue
        if node.op_type in _LAYERS:
            layers[node.name] = scope if exported else node.name
        else:
            between.add(node.name)
    return layers, between


def _scope(node: object) -> str | None:
    """Return the module of torch that a node comes from; None where the file does not say it."""
    text = next((entry.value for entry in node.metadata_props if entry.key == _SCOPES), None)
    scopes = ast.literal_eval(text) if text else []
    return scopes[-2] if len(scopes) > 1 else None


def _reader(tools: ModuleType, feeds: Iterable[Feed]) -> object:
    remaining = iter(feeds)

    class Reader(tools.CalibrationDataReader):
        def get_next(self) -> dict[str, np.ndarray] | None:
            """Return the next inputs, None at the end."""
            feed = next(remaining, None)
            return None if feed is None else dict(feed)

    return Reader()
