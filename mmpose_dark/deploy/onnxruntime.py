"""A network of torch in ONNX Runtime, for machines that have that and not OpenVINO."""

import functools
import importlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from mmengine.logging import print_log

from ..models import BasePoseEstimator
from ..models.outputs import Outputs
from ..utils.errors import InputError, MissingPackageError
from .onnx_session import OnnxSession
from .onnx_writing import quiet_exporter, require_onnx, write_onnx
from .plain_network import PlainNetwork, check_conversion, example_images, require_cpu

__all__ = ['onnxruntime_network', 'write_network']

_TOLERANCE = 1e-3  # of the largest output; seen: 3e-6


def onnxruntime_network(model: BasePoseEstimator, example: torch.Tensor) -> Callable[[torch.Tensor], Outputs]:
    """Convert a network to ONNX and load it into ONNX Runtime, on the CPU, in float32.

    Args:
        model: in evaluation mode, on the CPU.
        example: images (1, 3, H, W); other batch sizes work too, other image sizes do not.

    Returns:
        A function from images (B, 3, H, W) to the network's outputs, float32.

    Raises:
        MissingPackageError: ONNX Runtime, or what writes ONNX, is not installed.
        InputError: the model is on another device, or cannot be traced.
        StateError: the converted network computes something else.
    """
    try:
        runtime = importlib.import_module('onnxruntime')
    except ImportError as err:
        raise MissingPackageError(
            "the onnxruntime backend needs ONNX Runtime: pip install 'mmpose_dark[export]'"
        ) from err
    require_cpu(example, 'onnxruntime')
    with TemporaryDirectory() as folder:
        path = Path(folder) / 'network.onnx'
        write_network(model, example, path)
        session = OnnxSession(path, backend='onnxruntime', threads=torch.get_num_threads())
    run = functools.partial(_run, session)
    images = example_images(example, 2)
    with torch.no_grad():
        expected = PlainNetwork(model).eval()(images)
    program = f'ONNX Runtime {runtime.__version__}'
    difference = check_conversion(run, images, expected, program=program, tolerance=_TOLERANCE)
    print_log(
        f'{program} runs the network in float32 with {torch.get_num_threads()} threads; heatmaps differ from torch by '
        f'{difference:.1e} of the largest',
        logger='current',
    )
    return run


def write_network(model: BasePoseEstimator, example: torch.Tensor, path: Path) -> None:
    """Write the network alone, from normalised images (B, 3, H, W) to its outputs, as an ONNX file.

    Such a file takes the place of a checkpoint in ``test`` and ``predict``.

    Args:
        model: in evaluation mode, on the CPU.
        example: images (1, 3, H, W).
        path: of the file.

    Raises:
        MissingPackageError: what writes ONNX is not installed.
        InputError: the network cannot be traced.
    """
    require_onnx()
    images = example_images(example, 2)
    batch = torch.export.Dim('batch', min=1)
    network = PlainNetwork(model).eval()
    try:
        with torch.no_grad(), quiet_exporter():
            program = torch.export.export(network, (images,), dynamic_shapes=dict(inputs={0: batch}))
            count = len(outputs) if isinstance(outputs := network(images[:1]), tuple) else 1
    except Exception as err:  # whatever a part of the user's makes the tracer raise
        line = next((text for text in str(err).splitlines() if text.strip()), type(err).__name__)
        raise InputError(f'{type(model).__name__} cannot be traced by torch.export: {line}') from err
    names = ['heatmaps'] if count == 1 else [f'heatmaps_{i}' for i in range(count)]
    write_onnx(program, path, ['inputs'], names, beside=True)


def _run(session: OnnxSession, inputs: torch.Tensor) -> Outputs:
    """Run images (B, 3, H, W)."""
    outputs = tuple(torch.from_numpy(found) for found in session(inputs.detach().float().contiguous().numpy()))
    return outputs[0] if len(outputs) == 1 else outputs
