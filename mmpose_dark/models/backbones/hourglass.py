"""Stacked Hourglass (Newell et al., ECCV 2016) as the DARK paper trained it.

The parameter names are those of the DARK code's networks, whose checkpoints therefore load with nothing but
``backbone.`` put in front of each name.
"""

from collections.abc import Iterable

import torch
from torch import nn
from torch.nn import functional

from mmpose_dark.registry import MODELS

from ...utils.errors import InputError
from ..layers import make_norm
from .base_backbone import BaseBackbone, check_image_batch

__all__ = ['Hourglass', 'HourglassModule', 'PreActBottleneck']

DEFAULT_INIT = (
    dict(type='Kaiming', layer=['Conv2d']),
    dict(type='Constant', val=1, layer=['_BatchNorm', 'GroupNorm']),
)


class PreActBottleneck(nn.Module):
    """Residual block with normalisation and ReLU before each convolution (He et al., ECCV 2016).

    Args:
        in_channels: channels of the input.
        channels: inner channels; the output has twice as many.
        norm_cfg: config of the normalisation layers.
    """

    expansion = 2

    def __init__(self, in_channels: int, channels: int, *, norm_cfg: dict | None = None) -> None:
        super().__init__()
        out_channels = channels * self.expansion
        self.bn1 = make_norm(norm_cfg, in_channels)
        self.conv1 = nn.Conv2d(in_channels, channels, 1)
        self.bn2 = make_norm(norm_cfg, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn3 = make_norm(norm_cfg, channels)
        self.conv3 = nn.Conv2d(channels, out_channels, 1)
        self.relu = nn.ReLU(inplace=True)
        same = in_channels == out_channels
        self.downsample = None if same else nn.Sequential(nn.Conv2d(in_channels, out_channels, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map features (B, C, H, W) to (B, 2 * channels, H, W).

        >>> PreActBottleneck(16, 4)(torch.zeros(1, 16, 5, 6)).shape
        torch.Size([1, 8, 5, 6])
        """
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.conv1(self.relu(self.bn1(x)))
        x = self.conv2(self.relu(self.bn2(x)))
        return shortcut + self.conv3(self.relu(self.bn3(x)))


class HourglassModule(nn.Module):
    """One hourglass: halve the size ``depth`` times and come back, with a branch beside it at each size.

    ``hg[n]`` holds the blocks of level n, from the smallest size (0) to the largest: beside, before and after the
    level below, and in level 0 those at the bottom. Sizes need not be even: the way back meets the size beside it.

    Args:
        channels: inner channels of the blocks.
        num_blocks: blocks in each place.
        depth: number of levels.
        norm_cfg: config of the normalisation layers.
    """

    def __init__(self, channels: int, *, num_blocks: int = 1, depth: int = 4, norm_cfg: dict | None = None) -> None:
        super().__init__()
        self.hg = nn.ModuleList(
            nn.ModuleList(
                nn.Sequential(*(PreActBottleneck(2 * channels, channels, norm_cfg=norm_cfg) for _ in range(num_blocks)))
                for _ in range(4 if level == 0 else 3)
            )
            for level in range(depth)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map features (B, C, H, W) to features of the same shape.

        >>> HourglassModule(4, depth=2)(torch.zeros(1, 8, 9, 6)).shape
        torch.Size([1, 8, 9, 6])
        """
        return self._level(len(self.hg) - 1, x)

    def _level(self, level: int, x: torch.Tensor) -> torch.Tensor:
        blocks = self.hg[level]
        beside = blocks[0](x)
        below = blocks[1](functional.max_pool2d(x, 2, 2))
        below = self._level(level - 1, below) if level else blocks[3](below)
        return beside + functional.interpolate(blocks[2](below), size=beside.shape[-2:])


@MODELS.register_module()
class Hourglass(BaseBackbone):
    """Hourglasses in a row, each with heatmaps of its own that the next one sees.

    The heatmaps are computed here, because they flow back into the network; so the head that belongs to it is
    ``HeatmapHead(in_channels=K, out_channels=K, deconv_out_channels=None, final_layer=None, multi_output=True)``.

    Args:
        num_stacks: number of hourglasses.
        out_channels: number of keypoints K.
        num_blocks: residual blocks in each place.
        num_features: channels of the features; even and at least 128 in the published networks.
        depth: how often each hourglass halves the size.
        in_channels: channels of the image.
        norm_cfg: config of the normalisation layers, see ``make_norm``.
        norm_eval: keep the statistics of the batch normalisations during training.
        frozen_stages: -1 for none, 0 to keep the weights of the stem, n to keep those of the first n hourglasses too.
        init_cfg: initialisation.

    Raises:
        ValueError: an argument that is not as described.
    """

    def __init__(
        self,
        num_stacks: int = 8,
        out_channels: int = 17,
        num_blocks: int = 1,
        num_features: int = 256,
        depth: int = 4,
        in_channels: int = 3,
        norm_cfg: dict | None = None,
        norm_eval: bool = False,
        frozen_stages: int = -1,
        init_cfg: dict | list[dict] | None = DEFAULT_INIT,
    ) -> None:
        for name, value in dict(
            num_stacks=num_stacks, out_channels=out_channels, num_blocks=num_blocks, depth=depth
        ).items():
            if value < 1:
                raise InputError(f'Hourglass: {name} must be positive, not {value!r}')
        if num_features < 2 or num_features % 2:
            raise InputError(f'Hourglass: num_features must be even and positive, not {num_features!r}')
        if not -1 <= frozen_stages <= num_stacks:
            raise InputError(f'Hourglass: frozen_stages must be -1 to {num_stacks}, not {frozen_stages!r}')
        super().__init__(init_cfg=list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        self.in_channels, self.num_stacks = in_channels, num_stacks
        self.norm_eval, self.frozen_stages = norm_eval, frozen_stages
        self.min_size = 4 * 2**depth
        self.out_channels, self.out_strides = (out_channels,) * num_stacks, (4,) * num_stacks
        half = num_features // 2

        def blocks(channels: int, inner: int, count: int = 1) -> nn.Sequential:
            widths = [channels] + [2 * inner] * (count - 1)
            return nn.Sequential(*(PreActBottleneck(c, inner, norm_cfg=norm_cfg) for c in widths))

        self.conv1 = nn.Conv2d(in_channels, 64, 7, 2, 3)
        self.bn1 = make_norm(norm_cfg, 64)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = blocks(64, 64)
        self.layer2 = blocks(128, half)
        self.layer3 = blocks(num_features, half)
        self.hg = nn.ModuleList(
            HourglassModule(half, num_blocks=num_blocks, depth=depth, norm_cfg=norm_cfg) for _ in range(num_stacks)
        )
        self.res = nn.ModuleList(blocks(num_features, half, num_blocks) for _ in range(num_stacks))
        self.fc = nn.ModuleList(
            nn.Sequential(nn.Conv2d(num_features, num_features, 1), make_norm(norm_cfg, num_features), self.relu)
            for _ in range(num_stacks)
        )
        self.score = nn.ModuleList(nn.Conv2d(num_features, out_channels, 1) for _ in range(num_stacks))
        # The way of the features and of the heatmaps back into the input of the next hourglass.
        self.fc_ = nn.ModuleList(nn.Conv2d(num_features, num_features, 1) for _ in range(num_stacks - 1))
        self.score_ = nn.ModuleList(nn.Conv2d(out_channels, num_features, 1) for _ in range(num_stacks - 1))
        self._freeze()

    def _frozen_parts(self) -> Iterable[nn.Module]:
        yield from (self.conv1, self.bn1, self.layer1, self.layer2, self.layer3)
        for i in range(self.frozen_stages):
            yield from (self.hg[i], self.res[i], self.fc[i], self.score[i])
            if i < self.num_stacks - 1:
                yield from (self.fc_[i], self.score_[i])

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the heatmaps of all hourglasses.

        Args:
            x: images (B, 3, H, W), normalised.

        Returns:
            For each hourglass (B, K, H / 4, W / 4); the last ones are the network's result.

        Raises:
            ValueError: images smaller than the hourglasses are deep.

        >>> net = Hourglass(num_stacks=2, out_channels=5, num_features=16, depth=2)
        >>> [tuple(y.shape) for y in net(torch.zeros(1, 3, 64, 48))]
        [(1, 5, 16, 12), (1, 5, 16, 12)]
        """
        check_image_batch(x, self.in_channels)
        if min(x.shape[-2:]) < self.min_size:
            raise InputError(
                f'Hourglass: images of {x.shape[-2]} x {x.shape[-1]} are too small for its depth, they must be '
                f'at least {self.min_size} x {self.min_size}'
            )
        x = self.layer1(self.relu(self.bn1(self.conv1(x))))
        x = self.layer3(self.layer2(functional.max_pool2d(x, 2, 2)))
        outs = []
        for i in range(self.num_stacks):
            y = self.fc[i](self.res[i](self.hg[i](x)))
            score = self.score[i](y)
            outs.append(score)
            if i < self.num_stacks - 1:
                x = x + self.fc_[i](y) + self.score_[i](score)
        return tuple(outs)
