"""Parameters and multiply-accumulates of a network, without computing anything."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import nn
from torch.func import functional_call
from torch.nn.modules.conv import _ConvNd

from ..utils.errors import InputError

__all__ = ['Complexity', 'Part', 'model_complexity']


class Part(NamedTuple):
    """Share of one module: its name (``backbone.stage2``), parameters and multiply-accumulates."""

    name: str
    parameters: int
    macs: int


class Complexity(NamedTuple):
    """What a network costs for one image.

    ``parameters`` and ``macs`` are totals; ``parts`` are the shares of its modules, which add up to them.
    """

    parameters: int
    macs: int
    parts: tuple[Part, ...]

    @property
    def gflops(self) -> float:
        """GFLOPs as the tables of HRNet, Simple Baselines and DARK count: multiply-accumulates / 2^30.

        >>> Complexity(10, 2**31, ()).gflops
        2.0
        """
        return self.macs / 2**30

    @property
    def gmacs(self) -> float:
        """Multiply-accumulates in units of 10^9.

        >>> Complexity(10, 5 * 10**8, ()).gmacs
        0.5
        """
        return self.macs / 1e9


def model_complexity(model: nn.Module, input_hw: tuple[int, int], *, depth: int = 2) -> Complexity:
    """Count parameters and multiply-accumulates of one forward pass.

    Convolution and linear layers count, with ``output elements x inputs to each of them``, so a
    transposed convolution at its output's resolution (with the zeros between its inputs), as the reference
    tables do. Normalisation, activation, addition and interpolation do not.

    The pass runs on the meta device with shapes only: the model may be on any device, is not
    changed, and no arithmetic is done.

    Args:
        model: called with one image tensor (1, 3, H, W).
        input_hw: height and width of the image in pixels.
        depth: how deep module names go in ``parts``.

    Returns:
        Totals and shares. A parameter used by several modules counts once, with the first.

    Raises:
        ValueError: a size that is not positive.

    >>> cost = model_complexity(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.ReLU()), (4, 5))
    >>> cost.parameters, cost.macs
    (216, 4320)
    """
    height, width = input_hw
    if height < 1 or width < 1:
        raise InputError(f'input_hw must be a positive height and width, got {input_hw}')
    tensors = {
        name: tensor.detach().to('meta')
        for named in (model.named_parameters(), model.named_buffers())
        for name, tensor in named
    }
    with _counted(model) as macs, _evaluating(model), torch.no_grad():
        functional_call(model, tensors, (torch.empty(1, 3, height, width, device='meta'),))
    parameters, seen = {}, set()
    for name, module in model.named_modules():
        own = [p for p in module.parameters(recurse=False) if id(p) not in seen]
        seen.update(map(id, own))
        parameters[name] = sum(p.numel() for p in own)
    parts: dict[str, list[int]] = {}
    for name in parameters:
        share = parts.setdefault('.'.join(name.split('.')[:depth]), [0, 0])
        share[0] += parameters[name]
        share[1] += macs.get(name, 0)
    shares = tuple(Part(name, *share) for name, share in parts.items() if any(share))
    return Complexity(sum(p.parameters for p in shares), sum(p.macs for p in shares), shares)


@contextmanager
def _counted(model: nn.Module) -> Iterator[dict[str, int]]:
    """Collect the multiply-accumulates of each layer by its name while the block runs."""
    macs: dict[str, int] = {}

    def counting(name: str) -> Callable[..., None]:
        def count(layer: nn.Module, _: tuple, output: torch.Tensor) -> None:
            macs[name] = macs.get(name, 0) + output.numel() * _inputs_per_output(layer)

        return count

    hooks = [
        module.register_forward_hook(counting(name))
        for name, module in model.named_modules()
        if isinstance(module, _ConvNd | nn.Linear)
    ]
    try:
        yield macs
    finally:
        for hook in hooks:
            hook.remove()


def _inputs_per_output(layer: nn.Module) -> int:
    """Return how many products are added for one output element."""
    if isinstance(layer, nn.Linear):
        return layer.in_features
    return layer.in_channels // layer.groups * torch.Size(layer.kernel_size).numel()


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Put all modules into evaluation mode for the block."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
