"""A network in OpenVINO, which runs it faster on the CPU than torch does."""

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import torch
from mmengine.logging import print_log

from ..utils.errors import InputError, MissingPackageError, StateError
from .signal_stack import signal_stack_kept

__all__ = ['openvino_network']

_TOLERANCE = dict(f32=1e-3, bf16=0.1)  # of the largest output; seen: 2e-6 and 2e-2


class _Network(torch.nn.Module):
    """What is converted: images in, heatmaps out."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.model.compute_outputs(inputs)


def openvino_network(
    model: torch.nn.Module, example: torch.Tensor, *, bfloat16: bool = False
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Convert a network and compile it for this processor.

    Args:
        model: a `TopDown` in evaluation mode, on the CPU.
        example: images (1, 3, H, W); other batch sizes work too, other image sizes do not.
        bfloat16: compute in bfloat16. Without instructions for it on the processor OpenVINO computes in
            float32; the log says which it is.

    Returns:
        A function from images (B, 3, H, W) to heatmaps (B, K, H', W'), float32. One call at a time.

    Raises:
        ImportError: OpenVINO is not installed.
        ValueError: the model is on another device.
        RuntimeError: the converted network computes something else.
    """
    try:
        openvino = importlib.import_module('openvino')
    except ImportError as err:
        raise MissingPackageError('the openvino backend needs OpenVINO: pip install openvino') from err
    if example.device.type != 'cpu':
        raise InputError(f'the openvino backend runs on the CPU, the model is on {example.device}; use --device cpu')
    network = _Network(model).eval()
    example = torch.randn(example.shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter('ignore', torch.jit.TracerWarning)  # on checks of shapes, which are fixed here
        converted = openvino.convert_model(network, example_input=example, input=[-1, *example.shape[1:]])
        expected = network(example)
    precision = 'bf16' if bfloat16 else 'f32'
    settings = dict(
        PERFORMANCE_HINT='LATENCY',
        INFERENCE_PRECISION_HINT=precision,
        INFERENCE_NUM_THREADS=torch.get_num_threads(),
    )
    with signal_stack_kept():
        compiled = openvino.Core().compile_model(converted, 'CPU', settings)

    def run(inputs: torch.Tensor) -> torch.Tensor:
        heatmaps = compiled(inputs.detach().float().contiguous().numpy(), share_inputs=True)[0]
        return torch.from_numpy(heatmaps)

    difference = float((run(example) - expected).abs().max() / expected.abs().max().clamp(min=1e-12))
    if not difference < _TOLERANCE[precision]:
        raise StateError(
            f'the network computes something else in OpenVINO {openvino.__version__} (heatmaps differ by '
            f'{difference:.1e} of the largest); use the torch backend'
        )
    used = compiled.get_property('INFERENCE_PRECISION_HINT').get_type_name()
    print_log(
        f'OpenVINO {openvino.__version__} runs the network in {used} with {torch.get_num_threads()} threads; heatmaps '
        f'differ from torch float32 by {difference:.1e} of the largest',
        logger='current',
    )
    return run
