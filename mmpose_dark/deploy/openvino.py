"""A network in OpenVINO, which runs it faster on the CPU than torch does."""

import functools
import importlib
import types
import warnings
from collections.abc import Callable

import torch
from mmengine.logging import print_log

from ..models import BasePoseEstimator
from ..models.outputs import Outputs
from ..utils.errors import MissingPackageError
from .plain_network import PlainNetwork, check_conversion, example_images, require_cpu
from .signal_stack import signal_stack_kept

__all__ = ['openvino_network']

_TOLERANCE = dict(f32=1e-3, bf16=0.1)  # of the largest output; seen: 2e-6 and 2e-2


def openvino_network(
    model: BasePoseEstimator, example: torch.Tensor, *, bfloat16: bool = False
) -> Callable[[torch.Tensor], Outputs]:
    """Convert a network and compile it for this processor.

    Args:
        model: in evaluation mode, on the CPU.
        example: images (1, 3, H, W); other batch sizes work too, other image sizes do not.
        bfloat16: compute in bfloat16. Without instructions for it on the processor OpenVINO computes in
            float32; the log says which it is.

    Returns:
        A function from images (B, 3, H, W) to the network's outputs, float32. One call at a time.

    Raises:
        MissingPackageError: OpenVINO is not installed.
        InputError: the model is on another device.
        StateError: the converted network computes something else.
    """
    openvino = _require_openvino()
    require_cpu(example, 'openvino')
    network = PlainNetwork(model).eval()
    example = example_images(example)
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
    run = functools.partial(_run, compiled)
    program = f'OpenVINO {openvino.__version__}'
    difference = check_conversion(run, example, expected, program=program, tolerance=_TOLERANCE[precision])
    used = compiled.get_property('INFERENCE_PRECISION_HINT').get_type_name()
    print_log(
        f'{program} runs the network in {used} with {torch.get_num_threads()} threads; heatmaps '
        f'differ from torch float32 by {difference:.1e} of the largest',
        logger='current',
    )
    return run


def _require_openvino() -> types.ModuleType:
    try:
        return importlib.import_module('openvino')
    except ImportError as err:
        raise MissingPackageError('the openvino backend needs OpenVINO: pip install openvino') from err


def _run(compiled: Callable, inputs: torch.Tensor) -> Outputs:
    """Run a compiled network on images (B, 3, H, W)."""
    found = compiled(inputs.detach().float().contiguous().numpy(), share_inputs=True)
    outputs = tuple(torch.from_numpy(found[i]) for i in range(len(found)))
    return outputs[0] if len(outputs) == 1 else outputs
