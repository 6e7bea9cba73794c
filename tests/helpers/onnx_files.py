"""Small ONNX files for tests: networks that always give the same, or a convolution."""

from pathlib import Path

import numpy as np

__all__ = ['write_constant', 'write_convolution']

_OPSET = 17


def write_constant(
    path: Path,
    outputs: dict[str, np.ndarray],
    *,
    size: tuple[int, int] = (64, 48),
    batch: int | str = 1,
    opset: int = _OPSET,
) -> Path:
    """Write a network that gives ``outputs`` (each (1, ...)) for every image of (width, height)."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, infos = [], []
    zero = numpy_helper.from_array(np.zeros(1, np.float32), 'zero')
    axes = numpy_helper.from_array(np.array([1, 2, 3], np.int64), 'axes')
    # A number of each image, times nothing: what comes out has the batch of what goes in.
    nodes.append(helper.make_node('ReduceSum', ['images', 'axes'], ['sum'], keepdims=0))
    nodes.append(helper.make_node('Mul', ['sum', 'zero'], ['nothing']))
    constants = [zero, axes]
    for name, value in outputs.items():
        shape = numpy_helper.from_array(np.array([-1] + [1] * (value.ndim - 1), np.int64), f'{name}_shape')
        constants += [shape, numpy_helper.from_array(value.astype(np.float32), f'{name}_value')]
        nodes.append(helper.make_node('Reshape', ['nothing', f'{name}_shape'], [f'{name}_nothing']))
        nodes.append(helper.make_node('Add', [f'{name}_nothing', f'{name}_value'], [name]))
        infos.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, *value.shape[1:]]))
    images = helper.make_tensor_value_info('images', TensorProto.FLOAT, [batch, 3, size[1], size[0]])
    graph = helper.make_graph(nodes, 'toy', [images], infos, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', opset)])
    model.ir_version = 8
    onnx.save(model, str(path))
    return path


def write_convolution(
    path: Path, *, channels: int = 17, size: tuple[int, int] = (64, 96), stride: int = 4, batch: int | str = 1
) -> tuple[Path, np.ndarray]:
    """Write a network of one convolution of ``stride``; return its path and kernel (channels, 3, stride, stride)."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    kernel = np.random.default_rng(0).normal(0, 0.1, (channels, 3, stride, stride)).astype(np.float32)
    node = helper.make_node('Conv', ['images', 'kernel'], ['heatmaps'], strides=[stride, stride])
    images = helper.make_tensor_value_info('images', TensorProto.FLOAT, [batch, 3, size[1], size[0]])
    maps = [batch, channels, size[1] // stride, size[0] // stride]
    heatmaps = helper.make_tensor_value_info('heatmaps', TensorProto.FLOAT, maps)
    graph = helper.make_graph([node], 'toy', [images], [heatmaps], [numpy_helper.from_array(kernel, 'kernel')])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', _OPSET)])
    model.ir_version = 8
    onnx.save(model, str(path))
    return path, kernel
