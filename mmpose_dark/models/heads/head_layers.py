"""The three parts of a heatmap head, as torch modules with the parameter names of mmpose 1.x."""

import warnings
from collections.abc import Mapping, Sequence

from torch import nn

from ...utils.errors import InputError
from ..layers import make_norm

__all__ = ['DECONV_PADDING', 'conv_layers', 'deconv_layers', 'final_conv', 'keeps_size', 'translate_extra']

# Kernel size of a transposed convolution of stride 2 -> (padding, output padding) that double the size.
DECONV_PADDING = {4: (1, 0), 3: (1, 1), 2: (0, 0)}
EXTRA_KEYS = ('final_conv_kernel', 'num_conv_layers', 'num_conv_kernels')


def _pairs(what: str, channels: Sequence[int], kernels: Sequence[int] | None) -> list[tuple[int, int]]:
    """Pair channels with kernel sizes."""
    if kernels is None or len(channels) != len(kernels):
        raise InputError(
            f'HeatmapHead: {what}_out_channels {tuple(channels)} and {what}_kernel_sizes '
            f'{kernels if kernels is None else tuple(kernels)} must have the same number of values'
        )
    return list(zip(channels, kernels, strict=True))


def deconv_layers(
    channels: int, out_channels: Sequence[int] | None, kernel_sizes: Sequence[int] | None
) -> tuple[nn.Module, int]:
    """Make transposed convolutions that double the size, each with normalisation and ReLU.

    Args:
        channels: channels of the input.
        out_channels: channels of each; None or empty for none.
        kernel_sizes: kernel size of each, one of ``DECONV_PADDING``.

    Returns:
        The module and the channels of its output.

    Raises:
        ValueError: numbers that differ, or another kernel size.

    >>> layers, channels = deconv_layers(8, (4, 6), (4, 2))
    >>> layers(torch.zeros(1, 8, 5, 3)).shape, channels
    (torch.Size([1, 6, 20, 12]), 6)
    """
    if not out_channels:
        return nn.Identity(), channels
    layers: list[nn.Module] = []
    for out, kernel in _pairs('deconv', out_channels, kernel_sizes):
        if kernel not in DECONV_PADDING:
            raise InputError(
                f'HeatmapHead: deconv_kernel_sizes has {kernel}; a transposed convolution that doubles the size needs '
                f'one of {sorted(DECONV_PADDING)}'
            )
        padding, output_padding = DECONV_PADDING[kernel]
        layers.append(nn.ConvTranspose2d(channels, out, kernel, 2, padding, output_padding, bias=False))
        layers += [make_norm(None, out), nn.ReLU(inplace=True)]
        channels = out
    return nn.Sequential(*layers), channels


def conv_layers(
    channels: int, out_channels: Sequence[int] | None, kernel_sizes: Sequence[int] | None
) -> tuple[nn.Module, int]:
    """Make convolutions that keep the size, each with normalisation and ReLU.

    Args:
        channels: channels of the input.
        out_channels: channels of each; None or empty for none.
        kernel_sizes: kernel size of each.

    Returns:
        The module and the channels of its output.

    Raises:
        ValueError: numbers that differ.

    >>> layers, channels = conv_layers(8, (4,), (3,))
    >>> layers(torch.zeros(1, 8, 5, 3)).shape, channels
    (torch.Size([1, 4, 5, 3]), 4)
    """
    if not out_channels:
        return nn.Identity(), channels
    layers: list[nn.Module] = []
    for out, kernel in _pairs('conv', out_channels, kernel_sizes):
        layers.append(nn.Conv2d(channels, out, kernel, padding=(kernel - 1) // 2))
        layers += [make_norm(None, out), nn.ReLU(inplace=True)]
        channels = out
    return nn.Sequential(*layers), channels


def final_conv(channels: int, out_channels: int, final_layer: Mapping | None) -> nn.Module:
    """Make the convolution that gives the heatmaps.

    Args:
        channels: channels of the input.
        out_channels: number of keypoints.
        final_layer: arguments of the convolution; the padding keeps the size unless it is given, the kernel size is 1
            unless it is given. None for none.

    Raises:
        ValueError: another type than a plain convolution.

    >>> final_conv(8, 17, dict(kernel_size=3))
    Conv2d(8, 17, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
    """
    if final_layer is None:
        return nn.Identity()
    cfg = dict(kernel_size=1) | dict(final_layer)
    kind = cfg.pop('type', 'Conv2d')
    if kind not in ('Conv2d', 'Conv'):
        raise InputError(f"HeatmapHead: final_layer.type must be 'Conv2d', not {kind!r}")
    cfg.setdefault('padding', (cfg['kernel_size'] - 1) // 2)
    return nn.Conv2d(channels, out_channels, **cfg)


def keeps_size(conv: nn.Conv2d) -> bool:
    """Whether a convolution's output is as large as its input.

    >>> keeps_size(nn.Conv2d(3, 4, 3, padding=1)), keeps_size(nn.Conv2d(3, 4, 3))
    (True, False)
    """
    fits = all(2 * p == d * (k - 1) for p, k, d in zip(conv.padding, conv.kernel_size, conv.dilation, strict=True))
    return fits and set(conv.stride) == {1}


def translate_extra(extra: dict, channels: int) -> dict:
    """Translate mmpose 0.x's ``extra`` into arguments of 1.x.

    Args:
        extra: ``final_conv_kernel`` (0 for no final layer, 1 or 3), ``num_conv_layers``, ``num_conv_kernels``.
        channels: channels after the transposed convolutions, which the further convolutions keep.

    Returns:
        Those of ``final_layer``, ``conv_out_channels`` and ``conv_kernel_sizes`` that it says something about.

    Raises:
        ValueError: an unknown key or kernel size.
    """
    unknown = set(extra) - set(EXTRA_KEYS)
    if unknown:
        raise InputError(f'HeatmapHead: extra has unknown keys {sorted(unknown)}; known: {", ".join(EXTRA_KEYS)}')
    warnings.warn(
        'HeatmapHead: extra is deprecated; use final_layer=dict(kernel_size=...), conv_out_channels and '
        'conv_kernel_sizes',
        DeprecationWarning,
        stacklevel=3,
    )
    changed: dict = {}
    if 'final_conv_kernel' in extra:
        kernel = extra['final_conv_kernel']
        if kernel not in (0, 1, 3):
            raise InputError(f'HeatmapHead: extra.final_conv_kernel must be 0, 1 or 3, not {kernel}')
        changed['final_layer'] = dict(kernel_size=kernel) if kernel else None
    if extra.get('num_conv_layers', 0):
        changed['conv_out_channels'] = (channels,) * extra['num_conv_layers']
        changed['conv_kernel_sizes'] = extra.get('num_conv_kernels')
    return changed
