"""Stacked Hourglass (Newell et al., ECCV 2016) in the form of CornerNet, which mmpose calls ``HourglassNet``.

Parameter names are mmpose's. It differs from `Hourglass`, the network of the DARK paper: strided convolutions halve the
size, channels grow on the way down, and the heatmaps are the head's business.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import nn
from torch.nn import functional

from mmpose_dark.registry import MODELS

from ...utils.errors import InputError
from ..layers import make_norm
from .base_backbone import BaseBackbone, check_image_batch
from .blocks import BasicBlock, make_layer

__all__ = ['HourglassNet']

DEFAULT_INIT = (
    dict(type='Normal', std=0.001, layer=['Conv2d']),
    dict(type='Constant', val=1, layer=['_BatchNorm', 'GroupNorm']),
)


class _ConvModule(nn.Module):
    """Convolution, normalisation and optional ReLU; named as mmcv's, so its weights load."""

    def __init__(
        self, c_in: int, c_out: int, kernel: int, *, stride: int = 1, norm_cfg: dict | None, relu: bool
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=False)
        self.bn = make_norm(norm_cfg, c_out)
        self.activate = nn.ReLU(inplace=True) if relu else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.activate(self.bn(self.conv(x)))


class _Level(nn.Module):
    """One level of an hourglass with all those below it."""

    def __init__(self, channels: Sequence[int], blocks: Sequence[int], norm_cfg: dict | None) -> None:
        super().__init__()
        here, below = channels[0], channels[1]
        self.up1 = make_layer(BasicBlock, here, here, blocks[0], norm_cfg=norm_cfg)
        self.low1 = make_layer(BasicBlock, here, below, blocks[0], stride=2, norm_cfg=norm_cfg)
        if len(channels) > 2:
            self.low2 = _Level(channels[1:], blocks[1:], norm_cfg)
        else:
            self.low2 = make_layer(BasicBlock, below, below, blocks[1], norm_cfg=norm_cfg)
        # The blocks on the way up change their channels in the last one.
        same = make_layer(BasicBlock, below, below, blocks[0] - 1, norm_cfg=norm_cfg) if blocks[0] > 1 else ()
        self.low3 = nn.Sequential(*same, *make_layer(BasicBlock, below, here, 1, norm_cfg=norm_cfg))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        beside = self.up1(x)
        below = self.low3(self.low2(self.low1(x)))
        return beside + functional.interpolate(below, size=beside.shape[-2:])


@MODELS.register_module()
class HourglassNet(BaseBackbone):
    """Hourglasses in a row; each gives a feature map of its own (mmpose 1.x's arguments).

    Args:
        downsample_times: how often each hourglass halves the size.
        num_stacks: number of hourglasses.
        stage_channels: channels of each size, from the largest to the smallest; ``downsample_times + 1`` or more.
        stage_blocks: residual blocks of each size, likewise.
        feat_channel: channels of the feature maps.
        norm_cfg: config of the normalisation layers, see ``make_norm``.
        norm_eval: keep the statistics of the batch normalisations during training.
        frozen_stages: -1 for none, 0 to keep the weights of the stem, n to keep those of the first n hourglasses too.
        init_cfg: initialisation.

    Raises:
        InputError: too few stages, or a number that is not positive.

    >>> net = HourglassNet(num_stacks=2, downsample_times=2, stage_channels=(8, 8, 12), stage_blocks=(1, 1, 1),
    ...                    feat_channel=16)
    >>> [tuple(y.shape) for y in net(torch.zeros(1, 3, 64, 48))]
    [(1, 16, 16, 12), (1, 16, 16, 12)]
    """

    def __init__(
        self,
        downsample_times: int = 5,
        num_stacks: int = 2,
        stage_channels: Sequence[int] = (256, 256, 384, 384, 384, 512),
        stage_blocks: Sequence[int] = (2, 2, 2, 2, 2, 4),
        feat_channel: int = 256,
        norm_cfg: dict | None = None,
        norm_eval: bool = False,
        frozen_stages: int = -1,
        init_cfg: dict | list[dict] | None = DEFAULT_INIT,
    ) -> None:
        sizes = downsample_times + 1
        if num_stacks < 1 or downsample_times < 1 or min(len(stage_channels), len(stage_blocks)) < sizes:
            raise InputError(
                f'HourglassNet: num_stacks={num_stacks} and downsample_times={downsample_times} must be positive, and '
                f'stage_channels {tuple(stage_channels)} and stage_blocks {tuple(stage_blocks)} have {sizes} values'
            )
        if not -1 <= frozen_stages <= num_stacks:
            raise InputError(f'HourglassNet: frozen_stages must be -1 to {num_stacks}, not {frozen_stages!r}')
        super().__init__(init_cfg=list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        self.num_stacks, self.norm_eval, self.frozen_stages = num_stacks, norm_eval, frozen_stages
        self.out_channels, self.out_strides = (feat_channel,) * num_stacks, (4,) * num_stacks
        channels, blocks, inner = stage_channels[:sizes], stage_blocks[:sizes], stage_channels[0]
        self.stem = nn.Sequential(
            _ConvModule(3, 128, 7, stride=2, norm_cfg=norm_cfg, relu=True),
            make_layer(BasicBlock, 128, inner, 1, stride=2, norm_cfg=norm_cfg),
        )
        self.hourglass_modules = nn.ModuleList(_Level(channels, blocks, norm_cfg) for _ in range(num_stacks))
        self.out_convs = nn.ModuleList(
            _ConvModule(inner, feat_channel, 3, norm_cfg=norm_cfg, relu=True) for _ in range(num_stacks)
        )
        between = range(num_stacks - 1)  # what leads from one hourglass to the next
        self.inters = nn.Sequential(*(make_layer(BasicBlock, inner, inner, 1, norm_cfg=norm_cfg)[0] for _ in between))
        self.conv1x1s, self.remap_convs = (
            nn.ModuleList(_ConvModule(c, inner, 1, norm_cfg=norm_cfg, relu=False) for _ in between)
            for c in (inner, feat_channel)
        )
        self.relu = nn.ReLU(inplace=True)
        self._freeze()

    def _frozen_parts(self) -> Iterable[nn.Module]:
        yield self.stem
        for i in range(self.frozen_stages):
            yield from (self.hourglass_modules[i], self.out_convs[i])
            if i < self.num_stacks - 1:
                yield from (self.inters[i], self.conv1x1s[i], self.remap_convs[i])

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the feature maps of all hourglasses.

        Args:
            x: images (B, 3, H, W), normalised.

        Returns:
            For each hourglass (B, feat_channel, H / 4, W / 4).
        """
        check_image_batch(x, 3)
        x = self.stem(x)
        outs = []
        for i in range(self.num_stacks):
            y = self.out_convs[i](self.hourglass_modules[i](x))
            outs.append(y)
            if i < self.num_stacks - 1:
                x = self.inters[i](self.relu(self.conv1x1s[i](x) + self.remap_convs[i](y)))
        return tuple(outs)
