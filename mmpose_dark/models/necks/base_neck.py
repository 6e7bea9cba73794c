"""What every neck promises."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor

from ..heads.base_head import Features

__all__ = ['BaseNeck']


class BaseNeck(BaseModule, ABC):
    """Base class of the necks: feature maps in, feature maps out.

    The pose estimator compares ``promise`` with the head, as it does with a backbone's promises where there is no neck.
    """

    @abstractmethod
    def forward(self, feats: Features) -> tuple[Tensor, ...]:
        """Compute feature maps.

        Args:
            feats: of the backbone, each (B, C, H, W).

        Returns:
            Feature maps, each (B, C', H', W').
        """

    @abstractmethod
    def promise(self, channels: Sequence[int], strides: Sequence[float]) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Say what comes out where so much goes in.

        Args:
            channels: of each of the backbone's feature maps.
            strides: input pixels per pixel of each of them.

        Returns:
            Channels and strides of each feature map that ``forward`` returns.
        """
