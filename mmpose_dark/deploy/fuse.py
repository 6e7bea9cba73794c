"""Folding batch normalisation into the convolutions before it, for inference."""

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ..models.outputs import Outputs, largest_difference
from ..utils.errors import InputError, StateError

__all__ = ['fuse_conv_bn_']

_CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
_NORMS = (nn.BatchNorm2d, nn.SyncBatchNorm)
_TOLERANCE = 1e-3  # of the largest output; 1e-6 was the most that was seen in float32


def fuse_conv_bn_(model: nn.Module, example: torch.Tensor) -> int:
    """Fold every batch normalisation that follows a convolution into it, in place.

    Which one follows which is read off a run of the model, not off the order of its modules, so that
    networks that normalise before they convolve are left alone where they must be.

    Args:
        model: in evaluation mode; called with ``example``.
        example: an input of any size that the model takes, e.g. (1, 3, H, W), on the model's device.

    Returns:
        Number of normalisations that are gone.

    Raises:
        ValueError: the model is in training mode.
        RuntimeError: the fused model computes something else (a convolution whose output is used twice).

    >>> net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.ReLU()).eval()
    >>> fuse_conv_bn_(net, torch.zeros(1, 3, 8, 8)), net[1]
    (1, Identity())
    """
    if model.training:
        raise InputError('fuse_conv_bn_: the model is in training mode, in which normalisation depends on the batch')
    device = example.device
    model.cpu()  # where float32 is float32: a GPU may convolve with less, and the comparison would see that instead
    example = torch.randn(example.shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        pairs, before = _follow(model, example)
        owners = {child: (parent, name) for parent in model.modules() for name, child in parent.named_children()}
        for conv, norm in pairs:
            _put(owners[conv], fuse_conv_bn_eval(conv, norm, transpose=isinstance(conv, nn.ConvTranspose2d)))
            _put(owners[norm], nn.Identity())
        difference = largest_difference(model(example), before)
    model.to(device)
    if not difference < _TOLERANCE:
        raise StateError(
            f'fuse_conv_bn_: {type(model).__name__} computes something else when fused (outputs differ by '
            f'{difference:.1e} of the largest); leave fusing out'
        )
    return len(pairs)


def _follow(model: nn.Module, example: torch.Tensor) -> tuple[list[tuple[nn.Module, nn.Module]], Outputs]:
    """Run the model; return the pairs of a convolution and the normalisation of its output, and the model's output."""
    made: dict[int, nn.Module] = {}
    kept: list[torch.Tensor] = []  # so that no other tensor gets the same id
    uses: dict[nn.Module, int] = {}
    pairs: list[tuple[nn.Module, nn.Module]] = []

    def after_convolution(module: nn.Module, _: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        uses[module] = uses.get(module, 0) + 1
        made[id(output)] = module
        kept.append(output)

    def before_norm(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        uses[module] = uses.get(module, 0) + 1
        conv = made.get(id(inputs[0]))
        if conv is not None and module.track_running_stats and module.affine:
            pairs.append((conv, module))

    handles = []
    for module in model.modules():
        if isinstance(module, _CONVOLUTIONS):
            handles.append(module.register_forward_hook(after_convolution))
        elif isinstance(module, _NORMS):
            handles.append(module.register_forward_pre_hook(before_norm))
    try:
        output = model(example)
    finally:
        for handle in handles:
            handle.remove()
    return [(conv, norm) for conv, norm in pairs if uses[conv] == uses[norm] == 1], output


def _put(place: tuple[nn.Module, str], module: nn.Module) -> None:
    parent, name = place
    setattr(parent, name, module)
