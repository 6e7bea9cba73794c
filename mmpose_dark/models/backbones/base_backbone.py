"""What the backbones share: pretrained weights, frozen stages, normalisation in evaluation mode."""

from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ...utils.errors import InputError
from ..base_module import PretrainableModule, split_pretrained
from ..layers import set_frozen
from .blocks import BasicBlock, Bottleneck

__all__ = ['BaseBackbone', 'check_image_batch']


def check_image_batch(inputs: torch.Tensor, channels: int) -> None:
    """Refuse what is no batch of images.

    Args:
        inputs: supposed to be (B, ``channels``, H, W).
        channels: number of channels that the network reads.

    Raises:
        ValueError: another number of dimensions or channels.

    >>> check_image_batch(torch.zeros(3, 64, 48), 3)
    Traceback (most recent call last):
        ...
    mmpose_dark.utils.errors.InputError: the network reads images of shape (B, 3, H, W), got (3, 64, 48); one image ...
    """
    if inputs.ndim != 4 or inputs.shape[1] != channels:
        raise InputError(
            f'the network reads images of shape (B, {channels}, H, W), got {tuple(inputs.shape)}; '
            'one image needs a batch dimension: image[None]'
        )


class BaseBackbone(PretrainableModule, ABC):
    """Base class of the backbones, the contract that necks, heads and pose estimators rely on.

    ``forward`` maps images (B, 3, H, W) to a tuple of feature maps, and the two promises say which: one entry for each
    of them. A subclass sets them in its constructor, and yields the parts that ``frozen_stages`` freezes.

    Attributes:
        out_channels: channels of each feature map.
        out_strides: input pixels per pixel of each feature map; a size that does not divide is rounded up.
        frozen_stages: how many stages keep their weights; -1 for none, 0 for the stem alone.
        norm_eval: keep the statistics of all batch normalisations.
        zero_init_residual: start residual blocks as identities.
    """

    out_channels: tuple[int, ...]
    out_strides: tuple[int, ...]
    frozen_stages = -1
    norm_eval = False
    zero_init_residual = False

    @abstractmethod
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute feature maps.

        Args:
            x: images (B, 3, H, W), normalised.

        Returns:
            One tensor (B, C, H / stride, W / stride) for each of ``out_channels`` and ``out_strides``.
        """

    @abstractmethod
    def _frozen_parts(self) -> Iterable[nn.Module]:
        """Modules that ``frozen_stages`` freezes."""

    def _freeze(self) -> None:
        if self.frozen_stages >= 0:
            for part in self._frozen_parts():
                set_frozen(part)

    def train(self, mode: bool = True) -> 'BaseBackbone':
        """Set the mode; frozen stages (and all batch normalisations with ``norm_eval``) stay in evaluation mode."""
        super().train(mode)
        self._freeze()
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def init_weights(self) -> None:
        """Initialise as ``init_cfg`` says, then zero the last normalisation of each block if so wished."""
        super().init_weights()
        if self.zero_init_residual and split_pretrained(self.init_cfg)[0] is None:
            for module in self.modules():
                if isinstance(module, BasicBlock | Bottleneck):
                    nn.init.zeros_(module.last_norm.weight)
