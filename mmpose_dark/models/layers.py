"""Small layers shared by backbones and heads, made from the config dicts of OpenMMLab."""

import torch
from torch import nn

from ..utils.errors import InputError

__all__ = ['NORM_LAYERS', 'conv_norm', 'is_channels_last', 'make_norm', 'set_frozen']

NORM_LAYERS = {'BN': nn.BatchNorm2d, 'BN2d': nn.BatchNorm2d, 'SyncBN': nn.SyncBatchNorm, 'GN': nn.GroupNorm}


def make_norm(norm_cfg: dict | None, channels: int) -> nn.Module:
    """Make a normalisation layer.

    Args:
        norm_cfg: ``dict(type='BN' | 'SyncBN' | 'GN', requires_grad=True, **arguments of the torch layer)``;
            None stands for batch normalisation.
        channels: number of channels that it normalises.

    Raises:
        ValueError: unknown ``type``, or ``GN`` without a fitting ``num_groups``.
        TypeError: an argument that the torch layer does not take.

    >>> layer = make_norm(dict(type='GN', num_groups=4), 8)
    >>> layer.num_groups, layer.num_channels
    (4, 8)
    """
    cfg = dict(norm_cfg or {})
    kind, requires_grad = cfg.pop('type', 'BN'), cfg.pop('requires_grad', True)
    if kind not in NORM_LAYERS:
        raise InputError(f'norm_cfg: unknown type {kind!r}, expected one of {", ".join(NORM_LAYERS)}')
    if kind == 'GN':
        groups = cfg.pop('num_groups', 0)
        if groups < 1 or channels % groups:
            raise InputError(f"norm_cfg: type 'GN' needs a num_groups that divides {channels} channels, not {groups}")
        layer = nn.GroupNorm(groups, channels, **cfg)
    else:
        layer = NORM_LAYERS[kind](channels, **cfg)
    for parameter in layer.parameters():
        parameter.requires_grad = requires_grad
    return layer


def conv_norm(
    in_channels: int, out_channels: int, kernel_size: int, *, stride: int = 1, norm_cfg: dict | None, relu: bool
) -> nn.Sequential:
    """Convolution without bias and with padding that keeps the size, normalisation, optional ReLU.

    >>> conv_norm(3, 8, 3, stride=2, norm_cfg=None, relu=True)(torch.zeros(1, 3, 9, 6)).shape
    torch.Size([1, 8, 5, 3])
    """
    layers: list[nn.Module] = [
        nn.Conv2d(in_channels, out_channels, kernel_size, stride, kernel_size // 2, bias=False),
        make_norm(norm_cfg, out_channels),
    ]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if relu else nn.Sequential(*layers)


def set_frozen(module: nn.Module) -> None:
    """Put a module in evaluation mode and take it out of the training.

    >>> layer = nn.BatchNorm2d(3)
    >>> set_frozen(layer)
    >>> layer.training, layer.weight.requires_grad
    (False, False)
    """
    module.eval()
    for parameter in module.parameters():
        parameter.requires_grad = False


def is_channels_last(module: nn.Module) -> bool:
    """Tell whether the first convolution of a module stores its weight in the channels-last memory format.

    >>> is_channels_last(nn.Conv2d(3, 8, 3)), is_channels_last(nn.Conv2d(3, 8, 3).to(memory_format=torch.channels_last))
    (False, True)
    """
    for parameter in module.parameters():
        if parameter.ndim == 4:
            channels_last = parameter.is_contiguous(memory_format=torch.channels_last)
            return channels_last and not parameter.is_contiguous()
    return False
