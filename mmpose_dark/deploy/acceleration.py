"""One function that makes a trained model faster in the ways its options name."""

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass

import torch
from mmengine.logging import print_log

from ..models import TopDown
from ..models.outputs import Outputs, map_outputs
from ..utils.errors import InputError
from ..utils.precision import amp_dtype, autocast
from .backends import BACKENDS, backend_function
from .fuse import fuse_conv_bn_
from .onnx_network import OnnxNetwork

__all__ = ['Acceleration', 'accelerate']

Network = Callable[[torch.Tensor], Outputs]
"""From images (B, 3, H, W), normalised, to what the network gives."""


@dataclass(frozen=True)
class Acceleration:
    """Ways to make a network faster; all off by default. docs/inference.md says what each costs and brings.

    Attributes:
        backend: what runs the network: ``'torch'``; ``'openvino'`` or ``'onnxruntime'``, on the CPU, in float32;
            ``'openvino-bf16'``, on the CPU, in bfloat16 where the processor has instructions for it; or ``'auto'``,
            the fastest of the float32 ones, see `fastest_network`.
        amp: half precision of the torch backend: None for float32, 'auto', 'float16' (CUDA) or 'bfloat16'.
        compile: run the network through ``torch.compile`` (the first batch takes a minute or more).
        fuse_conv_bn: fold batch normalisation into the convolutions.
        channels_last: memory layout that convolutions are faster in.

    Raises:
        ValueError: an unknown backend, or options that do not go together.
    """

    backend: str = 'torch'
    amp: str | None = None
    compile: bool = False
    fuse_conv_bn: bool = False
    channels_last: bool = False

    def __post_init__(self) -> None:
        if self.backend not in BACKENDS:
            raise InputError(f'backend {self.backend!r} is unknown; use one of {", ".join(BACKENDS)}')
        wrong = [name for name in ('amp', 'compile', 'channels_last') if getattr(self, name)]
        if self.backend != 'torch' and wrong:
            raise InputError(
                f'{" and ".join(wrong)} is for the torch backend, not for {self.backend}, which chooses layout, '
                'code and precision itself; leave one of them out'
            )

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return self != Acceleration()


def accelerate(model: torch.nn.Module, options: Acceleration) -> None:
    """Make the pose networks in a model faster, in place, for prediction only.

    Args:
        model: a `TopDown`, or a model made of several, with its final weights, on its device.
        options: what to do.

    Raises:
        ValueError: no `TopDown` in the model, a backend that does not run on the model's device, or a
            head without a decoder (the input's size is the decoder's).
        RuntimeError: the result is not the same network (see `fuse_conv_bn_`, `openvino_network`).
        ImportError: the backend is not installed.
    """
    if not options:
        return
    networks = [module for module in model.modules() if isinstance(module, TopDown)]
    if not networks:
        raise InputError(f'{type(model).__name__} has no TopDown network in it, so nothing can be accelerated')
    model.eval()
    for network in networks:
        _accelerate_one(network, options)


def _accelerate_one(network: TopDown, options: Acceleration) -> None:
    standing = network.network_in_place
    if isinstance(standing, OnnxNetwork):
        standing.accelerate(options)
        return
    example = _example_input(network)
    if options.fuse_conv_bn:
        count = fuse_conv_bn_(network, example)
        print_log(f'{count} batch normalisations folded into convolutions', logger='current')
    make_network = backend_function(options.backend)
    if make_network is not None:
        network.use_network(make_network(network, example))
        return
    if options.channels_last:
        network.to(memory_format=torch.channels_last)
    run: Network = network.compute_outputs
    if options.compile:
        run = _FixedBatch(torch.compile(run))
    if options.amp:
        amp_dtype(options.amp, example.device)  # raises now what the first batch would
        run = functools.partial(_run_in_half_precision, run, options.amp)
    if options.compile or options.amp:
        network.use_network(run)


def _example_input(network: TopDown) -> torch.Tensor:
    decoder = getattr(getattr(network, 'head', None), 'decoder', None)
    if decoder is None:
        raise InputError("acceleration needs to know the input's size: give the head a decoder (model.head.decoder)")
    width, height = decoder.input_size
    return torch.zeros(1, 3, height, width, device=next(network.parameters()).device)


class _FixedBatch:
    """Fills batches up to the largest so far: a compiled network is compiled again for every new size."""

    def __init__(self, network: Network) -> None:
        self.network, self.size = network, 0

    def __call__(self, inputs: torch.Tensor) -> Outputs:
        count = len(inputs)
        if self.size == 0:
            print_log('torch.compile: the first batch may take a minute or more', logger='current', level=logging.INFO)
        self.size = max(self.size, count)
        if count < self.size:
            inputs = torch.cat([inputs, inputs.new_zeros(self.size - count, *inputs.shape[1:])])
        return map_outputs(lambda x: x[:count], self.network(inputs))


def _run_in_half_precision(run: Network, choice: str, inputs: torch.Tensor) -> Outputs:
    """Run on images (B, 3, H, W)."""
    with autocast(inputs.device, choice):
        return run(inputs)
