"""The two residual blocks of ResNet, which HRNet is made of too (He et al., CVPR 2016).

Their parameter names are those of torchvision and mmpose, so published weights load.
"""

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from ..layers import make_norm

__all__ = ['STYLES', 'BasicBlock', 'Bottleneck', 'make_layer']

STYLES = ('pytorch', 'caffe')


class _Residual(nn.Module):
    """What both blocks do with their branch: add the shortcut, rectify, optionally recompute in the backward pass."""

    def __init__(self, downsample: nn.Module | None, with_cp: bool) -> None:
        super().__init__()
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.with_cp = with_cp

    def _branch(self, x: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    def _sum(self, x: torch.Tensor) -> torch.Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        return self._branch(x) + shortcut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map features (B, C, H, W) to (B, C', H / stride, W / stride)."""
        if self.with_cp and x.requires_grad:
            return self.relu(checkpoint(self._sum, x, use_reentrant=False))
        return self.relu(self._sum(x))


class BasicBlock(_Residual):
    """Two 3x3 convolutions around a shortcut.

    Args:
        in_channels: channels of the input.
        channels: channels of the output.
        stride: stride of the first convolution.
        dilation: dilation of the first convolution.
        style: accepted for symmetry with ``Bottleneck``; both styles are equal here.
        downsample: the shortcut where size or channels change.
        norm_cfg: config of the normalisation layers.
        with_cp: recompute the block in the backward pass to save memory.
    """

    expansion = 1

    def __init__(
        self,
        in_channels: int,
        channels: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        style: str = 'pytorch',
        downsample: nn.Module | None = None,
        norm_cfg: dict | None = None,
        with_cp: bool = False,
    ) -> None:
        super().__init__(downsample, with_cp)
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, dilation, dilation, bias=False)
        self.bn1 = make_norm(norm_cfg, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = make_norm(norm_cfg, channels)

    @property
    def last_norm(self) -> nn.Module:
        """The normalisation just before the sum."""
        return self.bn2

    def _branch(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        return self.bn2(self.conv2(x))


class Bottleneck(_Residual):
    """1x1, 3x3 and 1x1 convolutions around a shortcut; the output has four times the inner channels.

    Args:
        in_channels: channels of the input.
        channels: channels of the 3x3 convolution.
        stride: stride of the block.
        dilation: dilation of the 3x3 convolution.
        style: where the stride is: ``'pytorch'`` in the 3x3 convolution, ``'caffe'`` in the first 1x1.
        downsample: the shortcut where size or channels change.
        norm_cfg: config of the normalisation layers.
        with_cp: recompute the block in the backward pass to save memory.
    """

    expansion = 4

    def __init__(
        self,
        in_channels: int,
        channels: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        style: str = 'pytorch',
        downsample: nn.Module | None = None,
        norm_cfg: dict | None = None,
        with_cp: bool = False,
    ) -> None:
        super().__init__(downsample, with_cp)
        stride1, stride2 = (1, stride) if style == 'pytorch' else (stride, 1)
        out_channels = channels * self.expansion
        self.conv1 = nn.Conv2d(in_channels, channels, 1, stride1, bias=False)
        self.bn1 = make_norm(norm_cfg, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride2, dilation, dilation, bias=False)
        self.bn2 = make_norm(norm_cfg, channels)
        self.conv3 = nn.Conv2d(channels, out_channels, 1, bias=False)
        self.bn3 = make_norm(norm_cfg, out_channels)

    @property
    def last_norm(self) -> nn.Module:
        """The normalisation just before the sum."""
        return self.bn3

    def _branch(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        return self.bn3(self.conv3(x))


def make_layer(
    block: type[BasicBlock] | type[Bottleneck],
    in_channels: int,
    channels: int,
    num_blocks: int,
    *,
    stride: int = 1,
    dilation: int = 1,
    style: str = 'pytorch',
    avg_down: bool = False,
    norm_cfg: dict | None = None,
    with_cp: bool = False,
) -> nn.Sequential:
    """Chain residual blocks; the first one changes stride and channels through a 1x1 shortcut.

    Args:
        block: ``BasicBlock`` or ``Bottleneck``.
        in_channels: channels of the input.
        channels: inner channels; the output has ``channels * block.expansion``.
        num_blocks: number of blocks.
        stride: stride of the first block.
        dilation: dilation of the 3x3 convolutions.
        style: see ``Bottleneck``.
        avg_down: average pooling instead of a stride in the shortcut (ResNet-D).
        norm_cfg: config of the normalisation layers.
        with_cp: recompute the blocks in the backward pass to save memory.

    >>> layer = make_layer(BasicBlock, 16, 32, 2, stride=2)
    >>> layer(torch.zeros(1, 16, 8, 6)).shape
    torch.Size([1, 32, 4, 3])
    """
    out_channels = channels * block.expansion
    downsample = None
    if stride != 1 or in_channels != out_channels:
        pool = avg_down and stride != 1
        shortcut: list[nn.Module] = [nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False)] * pool
        shortcut.append(nn.Conv2d(in_channels, out_channels, 1, 1 if pool else stride, bias=False))
        downsample = nn.Sequential(*shortcut, make_norm(norm_cfg, out_channels))
    common = dict(dilation=dilation, style=style, norm_cfg=norm_cfg, with_cp=with_cp)
    first = block(in_channels, channels, stride=stride, downsample=downsample, **common)
    return nn.Sequential(first, *(block(out_channels, channels, **common) for _ in range(num_blocks - 1)))
