"""Vision transformer (Dosovitskiy et al., ICLR 2021), as ViTPose uses it (Xu et al., NeurIPS 2022)."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import torch
from torch import nn

from mmpose_dark.registry import MODELS

from ...checkpoint.families.vitpose import head_of_expert
from ...checkpoint.state_dict import StateDict
from ..base_module import split_pretrained
from .base_backbone import BaseBackbone, check_image_batch
from .fit_positions import fit_positions, grid_of_image
from .fit_positions import resize_positions as resize
from .transformer_layers import Attention, EncoderLayer, FeedForward
from .transformer_settings import check_settings, eps_of, expert_of, indices_of, padding_of, sizes_of

__all__ = ['VisionTransformer']

DEFAULT_NORM = MappingProxyType(dict(type='LN', eps=1e-6))
DEFAULT_INIT = (
    dict(type='TruncNormal', layer='Linear', std=0.02, bias=0),
    dict(type='Constant', layer='LayerNorm', val=1, bias=0),
)


class _PatchEmbed(nn.Module):
    """One token for each patch of an image; named as mmpretrain's, so its weights load."""

    def __init__(self, in_channels: int, channels: int, patch_size: int, padding: int) -> None:
        super().__init__()
        self.projection = nn.Conv2d(in_channels, channels, patch_size, patch_size, padding)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.projection(x).flatten(2).transpose(1, 2)


@MODELS.register_module(name=['VisionTransformer', 'mmpretrain.VisionTransformer'])
class VisionTransformer(BaseBackbone):
    """Vision transformer for feature maps, with the arguments and parameter names of mmpretrain's.

    Args:
        arch: ``'base'``, ``'large'``, ``'huge'``, one of DeiT's (``'deit-small'``), or a dict with ``embed_dims``,
            ``num_layers``, ``num_heads`` and ``feedforward_channels``. ViTPose-S has 384, 12, 12 and 1536.
        img_size: height and width (or one number) of the images that the positions are of. Images of another size are
            read with interpolated positions.
        patch_size: side of a patch in pixels, which divides the images.
        in_channels: channels of the image.
        out_indices: layers whose tokens are returned, counted from 0 or, negative, from the end.
        drop_rate: dropout behind positions, attention and feed-forward layers.
        drop_path_rate: of the last layer; it grows from 0 at the first (see ``drop_path``).
        qkv_bias: whether queries, keys and values have a bias.
        norm_cfg: ``dict(type='LN', eps=1e-6)``.
        final_norm: normalise the tokens behind the last layer.
        out_type: ``'featmap'``, the only one.
        with_cls_token: False; a class token has no place in a feature map.
        frozen_stages: -1 for none, 0 for patches and positions, n for the first n layers too.
        interpolate_mode: of positions, ``'bicubic'`` or ``'bilinear'``.
        patch_cfg: ``dict(padding=2)``: pixels around the image; ViTPose's patches stand over the border by 2.
        init_cfg: initialisation; ``dict(type='Pretrained', checkpoint=...)`` for published weights, whose positions
            are interpolated where their grid is another.
        num_experts: experts of each layer, 6 in ViTPose+; 0 for none.
        part_features: channels that they give, a quarter of ``embed_dims`` in ViTPose+.
        expert: the one that is used, by number or by its dataset: ``'coco'``, ``'aic'``, ``'mpii'``, ``'ap10k'``,
            ``'apt36k'``, ``'coco-wholebody'``. Of a checkpoint with heads for several datasets, the head of this one
            is loaded, also where there are no experts.
        with_cp: recompute the layers in the backward pass to save memory.
        resize_pos_embed: load checkpoints of another grid, their positions interpolated; they are refused otherwise.

    Raises:
        ValueError: an argument outside of what is described here.

    >>> sizes = dict(embed_dims=8, num_layers=2, num_heads=2, feedforward_channels=32)
    >>> net = VisionTransformer(sizes, img_size=(64, 48), patch_cfg=dict(padding=2))
    >>> net(torch.zeros(1, 3, 64, 48))[0].shape, net(torch.zeros(1, 3, 96, 64))[0].shape
    (torch.Size([1, 8, 4, 3]), torch.Size([1, 8, 6, 4]))
    """

    def __init__(
        self,
        arch: str | Mapping[str, int] = 'base',
        img_size: int | Sequence[int] = 224,
        patch_size: int = 16,
        in_channels: int = 3,
        out_indices: int | Sequence[int] = -1,
        drop_rate: float = 0.0,
        drop_path_rate: float = 0.0,
        qkv_bias: bool = True,
        norm_cfg: Mapping = DEFAULT_NORM,
        final_norm: bool = True,
        out_type: str = 'featmap',
        with_cls_token: bool = False,
        frozen_stages: int = -1,
        interpolate_mode: str = 'bicubic',
        patch_cfg: Mapping | None = None,
        init_cfg: dict | list[dict] | None = DEFAULT_INIT,
        *,
        num_experts: int = 0,
        part_features: int = 0,
        expert: int | str = 0,
        with_cp: bool = False,
        resize_pos_embed: bool = False,
    ) -> None:
        super().__init__(init_cfg=list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        sizes = sizes_of(arch)
        channels, depth = sizes['embed_dims'], sizes['num_layers']
        check_settings(
            out_type,
            interpolate_mode,
            with_cls_token=with_cls_token,
            frozen_stages=frozen_stages,
            depth=depth,
            drop_rate=drop_rate,
            drop_path_rate=drop_path_rate,
        )
        self.patch_size, self.in_channels, self.frozen_stages = patch_size, in_channels, frozen_stages
        self.interpolate_mode, self.resize_pos_embed = interpolate_mode, resize_pos_embed
        self.num_experts, self.expert = num_experts, expert_of(expert, num_experts, part_features, channels)
        self.out_indices = indices_of(out_indices, depth)
        self.grid = grid_of_image((img_size, img_size) if isinstance(img_size, int) else img_size, patch_size)
        self.patch_embed = _PatchEmbed(in_channels, channels, patch_size, padding_of(patch_cfg, patch_size))
        self.pos_embed = nn.Parameter(torch.zeros(1, self.grid[0] * self.grid[1], channels))
        self.drop_after_pos = nn.Dropout(drop_rate)
        eps = eps_of(norm_cfg)
        common = dict(qkv_bias=qkv_bias, drop_rate=drop_rate, eps=eps, with_cp=with_cp)
        experts = dict(num_experts=num_experts, part_features=part_features, expert=self.expert)
        rates = [drop_path_rate * i / max(depth - 1, 1) for i in range(depth)]
        self.layers = nn.ModuleList(_layer(sizes, drop_path_rate=rate, experts=experts, **common) for rate in rates)
        self.ln1 = nn.LayerNorm(channels, eps) if final_norm else nn.Identity()
        self.out_channels = (channels,) * len(self.out_indices)
        self.out_strides = (patch_size,) * len(self.out_indices)
        self._freeze()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute feature maps.

        Args:
            x: images (B, 3, H, W), normalised; patches divide H and W.

        Returns:
            One tensor (B, C, H / patch, W / patch) for each of ``out_indices``.

        Raises:
            InputError: another number of dimensions or channels, or a size that patches do not divide.
        """
        check_image_batch(x, self.in_channels)
        grid = grid_of_image(x.shape[-2:], self.patch_size)
        tokens = self.patch_embed(x) + resize(self.pos_embed, self.grid, grid, self.interpolate_mode)
        tokens = self.drop_after_pos(tokens)
        outs = []
        for i, layer in enumerate(self.layers):
            tokens = layer(tokens)
            if i in self.out_indices:
                last = self.ln1(tokens) if i == len(self.layers) - 1 else tokens
                outs.append(last.transpose(1, 2).unflatten(2, grid))
        return tuple(outs)

    def adapt_weights(self, weights: StateDict, prefix: str, *, source: str, is_start: bool) -> StateDict:
        """Bring a checkpoint's positions to this grid, if that is asked for, and take the head of this expert.

        Args:
            weights: of the whole network, of any shape.
            prefix: of the backbone's names.
            source: the checkpoint, for messages.
            is_start: a training starts from them: positions are interpolated.

        Raises:
            CheckpointError: the positions are those of another grid.
        """
        weights = head_of_expert(weights, self.expert)
        return fit_positions(
            weights,
            f'{prefix}pos_embed',
            self.grid,
            patch_size=self.patch_size,
            mode=self.interpolate_mode,
            resize=self.resize_pos_embed or is_start,
            source=source,
        )

    def init_weights(self) -> None:
        """Initialise as ``init_cfg`` says; positions are drawn, with a standard deviation of 0.02."""
        if split_pretrained(self.init_cfg)[0] is None and not self.is_init:
            nn.init.trunc_normal_(self.pos_embed, std=0.02)
        super().init_weights()

    def _frozen_parts(self) -> Iterable[nn.Module]:
        yield self.patch_embed
        yield self.drop_after_pos
        yield from self.layers[: self.frozen_stages]

    def _freeze(self) -> None:
        super()._freeze()
        if self.frozen_stages >= 0:
            self.pos_embed.requires_grad = False


def _layer(
    sizes: Mapping[str, int],
    *,
    qkv_bias: bool,
    drop_rate: float,
    drop_path_rate: float,
    eps: float,
    with_cp: bool,
    experts: Mapping[str, int],
) -> EncoderLayer:
    channels = sizes['embed_dims']
    return EncoderLayer(
        Attention(channels, sizes['num_heads'], qkv_bias=qkv_bias, drop_rate=drop_rate),
        FeedForward(channels, sizes['feedforward_channels'], drop_rate=drop_rate, **experts),
        channels=channels,
        eps=eps,
        drop_path_rate=drop_path_rate,
        with_cp=with_cp,
    )
