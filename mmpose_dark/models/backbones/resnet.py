"""ResNet (He et al., Deep Residual Learning for Image Recognition, CVPR 2016)."""

from collections.abc import Iterable, Sequence

import torch
from torch import nn

from mmpose_dark.registry import MODELS

from ...utils.errors import InputError
from ..layers import make_norm
from .base_backbone import BaseBackbone, check_image_batch
from .blocks import STYLES, BasicBlock, Bottleneck, make_layer

__all__ = ['ARCHITECTURES', 'ResNet', 'ResNetV1d']

ARCHITECTURES = {
    18: (BasicBlock, (2, 2, 2, 2)),
    34: (BasicBlock, (3, 4, 6, 3)),
    50: (Bottleneck, (3, 4, 6, 3)),
    101: (Bottleneck, (3, 4, 23, 3)),
    152: (Bottleneck, (3, 8, 36, 3)),
}
DEFAULT_INIT = (
    dict(type='Kaiming', layer=['Conv2d']),
    dict(type='Constant', val=1, layer=['_BatchNorm', 'GroupNorm']),
)


class _StemConv(nn.Module):
    """One of the three convolutions of the deep stem; named as mmcv's ConvModule, so its weights load."""

    def __init__(self, in_channels: int, out_channels: int, *, stride: int, norm_cfg: dict | None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
        self.bn = make_norm(norm_cfg, out_channels)
        self.activate = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.activate(self.bn(self.conv(x)))


@MODELS.register_module()
class ResNet(BaseBackbone):
    """ResNet of depth 18, 34, 50, 101 or 152.

    Args:
        depth: number of layers.
        in_channels: channels of the image.
        stem_channels: channels after the stem.
        base_channels: inner channels of the first stage; each further stage doubles them.
        num_stages: how many of the four stages to build.
        strides: stride of each stage.
        dilations: dilation of each stage.
        out_indices: stages whose output is returned, counted from 0.
        style: ``'pytorch'`` or ``'caffe'``, see ``Bottleneck``.
        deep_stem: three 3x3 convolutions instead of one 7x7 (ResNet-C and -D).
        avg_down: average pooling in the shortcuts (ResNet-D).
        frozen_stages: stages that keep their weights; -1 for none, 0 for the stem alone.
        conv_cfg: only plain convolutions: None or ``dict(type='Conv2d')``.
        norm_cfg: config of the normalisation layers, see ``make_norm``.
        norm_eval: keep the statistics of the batch normalisations during training.
        with_cp: recompute the blocks in the backward pass to save memory.
        zero_init_residual: start residual blocks as identities.
        init_cfg: initialisation; ``dict(type='Pretrained', checkpoint=...)`` for published weights.

    Raises:
        ValueError: an argument outside of what is described here.

    >>> net = ResNet(18, out_indices=(0, 3))
    >>> [tuple(y.shape) for y in net(torch.zeros(1, 3, 64, 64))]
    [(1, 64, 16, 16), (1, 512, 2, 2)]
    """

    def __init__(
        self,
        depth: int,
        in_channels: int = 3,
        stem_channels: int = 64,
        base_channels: int = 64,
        num_stages: int = 4,
        strides: Sequence[int] = (1, 2, 2, 2),
        dilations: Sequence[int] = (1, 1, 1, 1),
        out_indices: Sequence[int] = (3,),
        style: str = 'pytorch',
        deep_stem: bool = False,
        avg_down: bool = False,
        frozen_stages: int = -1,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        norm_eval: bool = False,
        with_cp: bool = False,
        zero_init_residual: bool = True,
        init_cfg: dict | list[dict] | None = DEFAULT_INIT,
    ) -> None:
        _check(depth, num_stages, strides, dilations, out_indices, style, frozen_stages, conv_cfg)
        super().__init__(init_cfg=list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        self.depth, self.num_stages, self.out_indices = depth, num_stages, tuple(out_indices)
        self.in_channels = in_channels
        self.frozen_stages, self.norm_eval, self.zero_init_residual = frozen_stages, norm_eval, zero_init_residual
        self.deep_stem = deep_stem
        self._add_stem(stem_channels, norm_cfg)
        block, num_blocks = ARCHITECTURES[depth]
        common = dict(style=style, avg_down=avg_down, norm_cfg=norm_cfg, with_cp=with_cp)
        channels, stride = stem_channels, 4
        promised: list[tuple[int, int]] = []
        self.res_layers = [f'layer{i + 1}' for i in range(num_stages)]
        for i, name in enumerate(self.res_layers):
            inner, shape = base_channels * 2**i, dict(stride=strides[i], dilation=dilations[i])
            self.add_module(name, make_layer(block, channels, inner, num_blocks[i], **shape, **common))
            channels, stride = inner * block.expansion, stride * strides[i]
            promised.append((channels, stride))
        self.feat_dim = channels
        given = [promised[i] for i in sorted(set(self.out_indices))]
        self.out_channels, self.out_strides = (tuple(values) for values in zip(*given, strict=True))
        self._freeze()

    def _add_stem(self, channels: int, norm_cfg: dict | None) -> None:
        if self.deep_stem:
            half = channels // 2
            self.stem = nn.Sequential(
                _StemConv(self.in_channels, half, stride=2, norm_cfg=norm_cfg),
                _StemConv(half, half, stride=1, norm_cfg=norm_cfg),
                _StemConv(half, channels, stride=1, norm_cfg=norm_cfg),
            )
        else:
            self.conv1 = nn.Conv2d(self.in_channels, channels, 7, 2, 3, bias=False)
            self.bn1 = make_norm(norm_cfg, channels)
            self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)

    def _frozen_parts(self) -> Iterable[nn.Module]:
        yield from (self.stem,) if self.deep_stem else (self.conv1, self.bn1)
        for name in self.res_layers[: self.frozen_stages]:
            yield getattr(self, name)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute feature maps.

        Args:
            x: images (B, 3, H, W), normalised.

        Returns:
            One tensor (B, C, H / stride, W / stride) for each of ``out_indices``.

        >>> ResNet(18, num_stages=2, out_indices=(1,))(torch.zeros(2, 3, 64, 48))[0].shape
        torch.Size([2, 128, 8, 6])
        """
        check_image_batch(x, self.in_channels)
        x = self.stem(x) if self.deep_stem else self.relu(self.bn1(self.conv1(x)))
        x = self.maxpool(x)
        outs = []
        for i, name in enumerate(self.res_layers):
            x = getattr(self, name)(x)
            if i in self.out_indices:
                outs.append(x)
        return tuple(outs)


@MODELS.register_module()
class ResNetV1d(ResNet):
    """ResNet-D of "Bag of Tricks" (He et al., CVPR 2019, arXiv:1812.01187): deep stem, pooling in the shortcuts.

    Args:
        depth: as of `ResNet`.
        **kwargs: the other arguments of `ResNet`, but ``deep_stem`` and ``avg_down``.

    >>> net = ResNetV1d(50)
    >>> net.deep_stem, type(net.layer2[0].downsample[0]).__name__
    (True, 'AvgPool2d')
    """

    def __init__(self, depth: int, **kwargs: object) -> None:
        super().__init__(depth, deep_stem=True, avg_down=True, **kwargs)


def _check(
    depth: int,
    num_stages: int,
    strides: Sequence[int],
    dilations: Sequence[int],
    out_indices: Sequence[int],
    style: str,
    frozen_stages: int,
    conv_cfg: dict | None,
) -> None:
    """Raise ``ValueError`` for settings that no ResNet has."""
    if depth not in ARCHITECTURES:
        raise InputError(f'ResNet: depth {depth!r} is not one of {", ".join(map(str, ARCHITECTURES))}')
    if not 1 <= num_stages <= 4:
        raise InputError(f'ResNet: num_stages must be 1 to 4, not {num_stages!r}')
    if len(strides) < num_stages or len(dilations) < num_stages:
        raise InputError(
            f'ResNet: strides {tuple(strides)} and dilations {tuple(dilations)} must have one value for each of the '
            f'{num_stages} stages'
        )
    wrong = [i for i in out_indices if not 0 <= i < num_stages]
    if wrong or not out_indices:
        raise InputError(f'ResNet: out_indices {tuple(out_indices)} must name stages 0 to {num_stages - 1}')
    if style not in STYLES:
        raise InputError(f'ResNet: style {style!r} is not one of {", ".join(map(repr, STYLES))}')
    if not -1 <= frozen_stages <= num_stages:
        raise InputError(f'ResNet: frozen_stages must be -1 to {num_stages}, not {frozen_stages!r}')
    if conv_cfg is not None and conv_cfg.get('type') not in ('Conv2d', 'Conv'):
        raise InputError(f"ResNet: only plain convolutions: conv_cfg=None or type 'Conv2d', not {conv_cfg}")
