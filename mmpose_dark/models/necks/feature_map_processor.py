"""Choosing, joining and enlarging feature maps: the parts of ViTPose's simple head before its convolution."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from mmpose_dark.registry import MODELS

from ...utils.errors import InputError
from ..heads.base_head import Features
from .base_neck import BaseNeck

__all__ = ['FeatureMapProcessor']


@MODELS.register_module()
class FeatureMapProcessor(BaseNeck):
    """Choose feature maps, join them, apply a ReLU and resize them, in this order; each is optional.

    Args:
        select_index: numbers of the feature maps to use; None for all.
        concat: join their channels, all resized to the first one's size.
        scale_factor: to resize by, bilinearly.
        apply_relu: set negative values to 0.
        align_corners: of the interpolation.

    Raises:
        ValueError: a ``scale_factor`` that is not positive, or no feature map selected.

    >>> neck = FeatureMapProcessor(scale_factor=4.0, apply_relu=True)
    >>> neck((torch.zeros(1, 8, 4, 3),))[0].shape, neck.promise((8,), (16,))
    (torch.Size([1, 8, 16, 12]), ((8,), (4.0,)))
    """

    def __init__(
        self,
        select_index: int | Sequence[int] | None = None,
        concat: bool = False,
        scale_factor: float = 1.0,
        apply_relu: bool = False,
        align_corners: bool = False,
    ) -> None:
        super().__init__()
        if scale_factor <= 0:
            raise InputError(f'FeatureMapProcessor: scale_factor must be positive, not {scale_factor!r}')
        if isinstance(select_index, int):
            select_index = (select_index,)
        if select_index is not None and not len(select_index):
            raise InputError('FeatureMapProcessor: select_index names no feature map; None stands for all')
        self.select_index = None if select_index is None else tuple(select_index)
        self.concat, self.scale_factor = concat, float(scale_factor)
        self.apply_relu, self.align_corners = apply_relu, align_corners

    def forward(self, feats: Features) -> tuple[Tensor, ...]:
        """Process feature maps.

        Args:
            feats: of the backbone, each (B, C, H, W).

        Returns:
            One or several of (B, C', H * scale, W * scale).
        """
        maps = self._selected((feats,) if isinstance(feats, Tensor) else tuple(feats))
        if self.concat:
            first, *others = maps
            maps = (torch.cat([first, *(self._resized(x, size=first.shape[-2:]) for x in others)], 1),)
        if self.apply_relu:
            maps = tuple(F.relu(x) for x in maps)
        if self.scale_factor != 1:
            maps = tuple(self._resized(x, scale_factor=self.scale_factor) for x in maps)
        return maps

    def promise(self, channels: Sequence[int], strides: Sequence[float]) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Say what comes out where so much goes in.

        Args:
            channels: of each of the backbone's feature maps.
            strides: input pixels per pixel of each of them.

        Returns:
            Channels and strides of each feature map that ``forward`` returns.

        Raises:
            InputError: a feature map is selected that the backbone does not give.
        """
        channels, strides = self._selected(tuple(channels)), self._selected(tuple(strides))
        if self.concat:
            channels, strides = (sum(channels),), strides[:1]
        return channels, tuple(stride / self.scale_factor for stride in strides)

    def _selected(self, items: tuple) -> tuple:
        if self.select_index is None:
            return items
        if not all(-len(items) <= i < len(items) for i in self.select_index):
            raise InputError(
                f'FeatureMapProcessor: select_index={self.select_index}, but the backbone gives {len(items)} feature '
                'maps'
            )
        return tuple(items[i] for i in self.select_index)

    def _resized(self, x: Tensor, *, size: Sequence[int] | None = None, scale_factor: float | None = None) -> Tensor:
        return F.interpolate(x, size=size, scale_factor=scale_factor, mode='bilinear', align_corners=self.align_corners)
