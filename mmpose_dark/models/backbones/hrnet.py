"""HRNet (Sun et al., Deep High-Resolution Representation Learning for Human Pose Estimation, CVPR 2019)."""

import itertools
from collections.abc import Iterable

import torch
from torch import nn
from torch.nn import functional

from mmpose_dark.registry import MODELS

from ...utils.errors import InputError
from ..layers import conv_norm, make_norm
from .base_backbone import BaseBackbone, check_image_batch
from .blocks import BasicBlock, Bottleneck, make_layer

__all__ = ['BLOCKS', 'HRModule', 'HRNet', 'check_extra']

BLOCKS = {'BASIC': BasicBlock, 'BOTTLENECK': Bottleneck}
UPSAMPLE_MODES = ('nearest', 'bilinear', 'bicubic')
STAGE_KEYS = ('num_modules', 'num_branches', 'block', 'num_blocks', 'num_channels')
DEFAULT_INIT = (
    dict(type='Normal', std=0.001, layer=['Conv2d']),
    dict(type='Constant', val=1, layer=['_BatchNorm', 'GroupNorm']),
)


def check_extra(extra: dict) -> list[dict]:
    """Check the layout of an HRNet and return its stages in order.

    Args:
        extra: ``stage1``, ``stage2`` ... (four in the published networks, at least two), each a dict of
            ``num_modules``, ``num_branches``, ``block``, ``num_blocks`` and ``num_channels`` (the last two with a
            value for each branch; ``multiscale_output`` only in the last stage), and optionally ``upsample``.

    Raises:
        ValueError: something is missing, unknown or does not fit together; the message names the place.
    """
    numbered = sorted(k for k in extra if k.startswith('stage'))
    expected = [f'stage{i + 1}' for i in range(len(numbered))]
    if len(numbered) < 2 or numbered != expected:
        raise InputError(f'HRNet: extra must have stage1, stage2 and so on, without gaps; it has {sorted(extra)}')
    unknown = set(extra) - set(numbered) - {'upsample'}
    if unknown:
        raise InputError(f'HRNet: extra has unknown keys {sorted(unknown)}; known: stage1..stageN, upsample')
    for name in expected:
        stage, last = extra[name], name == expected[-1]
        missing = [k for k in STAGE_KEYS if k not in stage]
        surplus = sorted(set(stage) - set(STAGE_KEYS) - ({'multiscale_output'} if last else set()))
        if missing or surplus:
            raise InputError(f'HRNet: extra.{name} lacks {missing} and has unknown {surplus}; known: {STAGE_KEYS}')
        if not isinstance(stage['block'], str) or stage['block'] not in BLOCKS:
            raise InputError(f'HRNet: extra.{name}.block {stage["block"]!r} is not one of {", ".join(BLOCKS)}')
        for key in STAGE_KEYS:
            several = key in ('num_blocks', 'num_channels')
            if key != 'block' and not (_whole_numbers(stage[key]) if several else _whole_numbers([stage[key]])):
                wanted = 'whole numbers, one a branch' if several else 'a whole number'
                raise InputError(f'HRNet: extra.{name}.{key} must be {wanted}, not {stage[key]!r}')
        for key in ('num_blocks', 'num_channels'):
            values = stage[key]
            if len(values) != stage['num_branches'] or min(values) < 1:
                raise InputError(
                    f'HRNet: extra.{name}.{key} {tuple(values)} must have a positive number for each of the '
                    f'{stage["num_branches"]} branches'
                )
        if stage['num_modules'] < 1:
            raise InputError(f'HRNet: extra.{name}.num_modules must be positive, not {stage["num_modules"]}')
    mode = extra.get('upsample', {}).get('mode', 'nearest')
    if mode not in UPSAMPLE_MODES:
        raise InputError(f'HRNet: extra.upsample.mode {mode!r} is not one of {", ".join(map(repr, UPSAMPLE_MODES))}')
    stages = [dict(extra[name]) for name in expected]
    branches = [s['num_branches'] for s in stages]
    if branches[0] != 1 or branches != sorted(branches):
        raise InputError(f'HRNet: num_branches must start with 1 and never fall from stage to stage, not {branches}')
    if stages[0]['num_modules'] != 1:
        raise InputError(f'HRNet: extra.stage1.num_modules must be 1, not {stages[0]["num_modules"]}')
    return stages


def _whole_numbers(values: object) -> bool:
    return isinstance(values, list | tuple) and all(isinstance(v, int) and not isinstance(v, bool) for v in values)


class HRModule(nn.Module):
    """Parallel branches of residual blocks, then an exchange between all resolutions.

    Args:
        block: residual block of the branches.
        in_channels: channels of each branch, from the highest resolution to the lowest (changed by the blocks only
            where they differ from ``channels * block.expansion``).
        channels: inner channels of each branch.
        num_blocks: blocks in each branch.
        multiscale_output: return all resolutions instead of the highest alone.
        upsample: keyword arguments of ``torch.nn.functional.interpolate``.
        norm_cfg: config of the normalisation layers.
        with_cp: recompute the blocks in the backward pass to save memory.
    """

    def __init__(
        self,
        block: type[BasicBlock] | type[Bottleneck],
        in_channels: list[int],
        *,
        channels: list[int],
        num_blocks: list[int],
        multiscale_output: bool,
        upsample: dict,
        norm_cfg: dict | None,
        with_cp: bool,
    ) -> None:
        super().__init__()
        self.upsample = upsample
        self.branches = nn.ModuleList(
            make_layer(block, c_in, c, n, norm_cfg=norm_cfg, with_cp=with_cp)
            for c_in, c, n in zip(in_channels, channels, num_blocks, strict=True)
        )
        self.out_channels = [c * block.expansion for c in channels]
        num_outputs = len(channels) if multiscale_output else 1
        self.relu = nn.ReLU()
        self.fuse_layers = nn.ModuleList()
        if len(channels) > 1:
            for i in range(num_outputs):
                self.fuse_layers.append(nn.ModuleList(self._fuse(j, i, norm_cfg) for j in range(len(channels))))

    def _fuse(self, source: int, target: int, norm_cfg: dict | None) -> nn.Module:
        """The way from branch ``source`` to branch ``target``; a larger number is a lower resolution."""
        c_in, c_out = self.out_channels[source], self.out_channels[target]
        if source == target:
            return nn.Identity()
        if source > target:  # enlarged in forward
            return conv_norm(c_in, c_out, 1, norm_cfg=norm_cfg, relu=False)
        steps = target - source
        return nn.Sequential(
            *(conv_norm(c_in, c_in, 3, stride=2, norm_cfg=norm_cfg, relu=True) for _ in range(steps - 1)),
            conv_norm(c_in, c_out, 3, stride=2, norm_cfg=norm_cfg, relu=False),
        )

    def forward(self, xs: list[torch.Tensor]) -> list[torch.Tensor]:
        """Map the features of all branches, highest resolution first, to those after the exchange."""
        xs = [branch(x) for branch, x in zip(self.branches, xs, strict=True)]
        if not self.fuse_layers:
            return xs
        outs = []
        for i, row in enumerate(self.fuse_layers):
            total = None
            for j, (fuse, x) in enumerate(zip(row, xs, strict=True)):
                y = fuse(x)
                if j > i:
                    y = functional.interpolate(y, size=xs[i].shape[-2:], **self.upsample)
                total = y if total is None else total + y
            outs.append(self.relu(total))
        return outs


@MODELS.register_module()
class HRNet(BaseBackbone):
    """HRNet of any width and layout.

    Args:
        extra: the layout, see ``check_extra``. ``upsample=dict(mode='nearest', align_corners=None)`` in it says how
            low resolutions are enlarged; ``multiscale_output=True`` in the last stage returns all resolutions.
        in_channels: channels of the image.
        conv_cfg: only plain convolutions: None or ``dict(type='Conv2d')``.
        norm_cfg: config of the normalisation layers, see ``make_norm``.
        norm_eval: keep the statistics of the batch normalisations during training.
        with_cp: recompute the blocks in the backward pass to save memory.
        zero_init_residual: start residual blocks as identities.
        frozen_stages: stages that keep their weights; -1 for none, 0 for the stem alone.
        init_cfg: initialisation; ``dict(type='Pretrained', checkpoint=...)`` for published weights.

    Raises:
        ValueError: the layout does not fit together, or another argument is not as described.
    """

    def __init__(
        self,
        extra: dict,
        in_channels: int = 3,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        norm_eval: bool = False,
        with_cp: bool = False,
        zero_init_residual: bool = False,
        frozen_stages: int = -1,
        init_cfg: dict | list[dict] | None = DEFAULT_INIT,
    ) -> None:
        stages = check_extra(extra)
        if conv_cfg is not None and conv_cfg.get('type') not in ('Conv2d', 'Conv'):
            raise InputError(f"HRNet: only plain convolutions: conv_cfg=None or type 'Conv2d', not {conv_cfg}")
        if not -1 <= frozen_stages <= len(stages):
            raise InputError(f'HRNet: frozen_stages must be -1 to {len(stages)}, not {frozen_stages!r}')
        super().__init__(init_cfg=list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        self.extra, self.in_channels, self.num_stages = extra, in_channels, len(stages)
        self.frozen_stages, self.norm_eval, self.zero_init_residual = frozen_stages, norm_eval, zero_init_residual
        self.upsample_cfg = dict(extra.get('upsample', dict(mode='nearest', align_corners=None)))
        self.norm_cfg, self.with_cp = norm_cfg, with_cp

        self.conv1 = nn.Conv2d(in_channels, 64, 3, 2, 1, bias=False)
        self.bn1 = make_norm(norm_cfg, 64)
        self.conv2 = nn.Conv2d(64, 64, 3, 2, 1, bias=False)
        self.bn2 = make_norm(norm_cfg, 64)
        self.relu = nn.ReLU(inplace=True)
        block = BLOCKS[stages[0]['block']]
        self.layer1 = make_layer(
            block, 64, stages[0]['num_channels'][0], stages[0]['num_blocks'][0], norm_cfg=norm_cfg, with_cp=with_cp
        )
        channels = [stages[0]['num_channels'][0] * block.expansion]
        for i, stage in enumerate(stages[1:], start=2):
            wanted = [c * BLOCKS[stage['block']].expansion for c in stage['num_channels']]
            self.add_module(f'transition{i - 1}', self._make_transition(channels, wanted))
            multiscale = i < len(stages) or stage.get('multiscale_output', False)
            self.add_module(f'stage{i}', self._make_stage(stage, wanted, multiscale))
            channels = wanted
        self.multiscale_output = bool(stages[-1].get('multiscale_output', False))
        self.out_channels = tuple(channels if self.multiscale_output else channels[:1])
        self.out_strides = tuple(4 * 2**i for i in range(len(self.out_channels)))
        self._freeze()

    def _make_transition(self, channels: list[int], wanted: list[int]) -> nn.ModuleList:
        """Fit the branches to the next stage: 3x3 where channels change, stride-2 convolutions for new ones."""
        layers = nn.ModuleList()
        for i, c_out in enumerate(wanted):
            if i < len(channels):
                same = channels[i] == c_out
                layers.append(
                    nn.Identity() if same else conv_norm(channels[i], c_out, 3, norm_cfg=self.norm_cfg, relu=True)
                )
                continue
            steps = i + 1 - len(channels)
            widths = [channels[-1]] * steps + [c_out]
            layers.append(
                nn.Sequential(
                    *(
                        conv_norm(a, b, 3, stride=2, norm_cfg=self.norm_cfg, relu=True)
                        for a, b in itertools.pairwise(widths)
                    )
                )
            )
        return layers

    def _make_stage(self, stage: dict, in_channels: list[int], multiscale_output: bool) -> nn.Sequential:
        """Chain the modules of a stage; only the very last one may drop the lower resolutions."""
        count = stage['num_modules']
        return nn.Sequential(
            *(
                HRModule(
                    BLOCKS[stage['block']],
                    in_channels,
                    channels=list(stage['num_channels']),
                    num_blocks=list(stage['num_blocks']),
                    multiscale_output=multiscale_output or i < count - 1,
                    upsample=self.upsample_cfg,
                    norm_cfg=self.norm_cfg,
                    with_cp=self.with_cp,
                )
                for i in range(count)
            )
        )

    def _frozen_parts(self) -> Iterable[nn.Module]:
        yield from (self.conv1, self.bn1, self.conv2, self.bn2)
        for i in range(1, self.frozen_stages + 1):
            yield self.layer1 if i == 1 else getattr(self, f'stage{i}')
            if i < self.num_stages:
                yield getattr(self, f'transition{i}')

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute feature maps.

        Args:
            x: images (B, 3, H, W), normalised.

        Returns:
            (B, C, H / 4, W / 4), and the lower resolutions after it with ``multiscale_output``.

        >>> stage = dict(num_modules=1, block='BASIC', num_blocks=(1, 1))
        >>> first = dict(stage, num_branches=1, num_blocks=(1,), num_channels=(8,))
        >>> second = dict(stage, num_branches=2, num_channels=(4, 8), multiscale_output=True)
        >>> net = HRNet(dict(stage1=first, stage2=second))
        >>> [tuple(y.shape) for y in net(torch.zeros(1, 3, 64, 48))], net.out_channels, net.out_strides
        ([(1, 4, 16, 12), (1, 8, 8, 6)], (4, 8), (4, 8))
        """
        check_image_batch(x, self.in_channels)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        xs = [self.layer1(x)]
        for i in range(2, self.num_stages + 1):
            transition = getattr(self, f'transition{i - 1}')
            # A new branch starts from the lowest resolution of the stage before.
            xs = [layer(xs[min(j, len(xs) - 1)]) for j, layer in enumerate(transition)]
            xs = getattr(self, f'stage{i}')(xs)
        return tuple(xs)
