"""Online hard keypoint mining (Chen et al., Cascaded Pyramid Network, CVPR 2018)."""

import torch
from torch import nn

from mmpose_dark.registry import MODELS

from ...utils.errors import InputError
from .shapes import check_heatmaps, padded_weights

__all__ = ['KeypointOHKMMSELoss']


@MODELS.register_module()
class KeypointOHKMMSELoss(nn.Module):
    """Mean squared error of each person's hardest keypoints (mmpose 1.x's arguments).

    Args:
        use_target_weight: scale output and target with each keypoint's weight.
        topk: number of keypoints of a person that count, those with the largest error.
        loss_weight: factor of the result.

    >>> output = torch.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)
    >>> KeypointOHKMMSELoss(topk=2)(output, torch.zeros(1, 3, 1, 1))
    tensor(6.5000)
    """

    def __init__(self, use_target_weight: bool = False, topk: int = 8, loss_weight: float = 1.0) -> None:
        super().__init__()
        if topk < 1:
            raise InputError(f'KeypointOHKMMSELoss: topk must be positive, got {topk}')
        self.use_target_weight, self.topk, self.loss_weight = use_target_weight, topk, loss_weight

    def forward(
        self, output: torch.Tensor, target: torch.Tensor, target_weights: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Compute the loss, in float32 at least.

        Args:
            output: heatmaps (B, K, H, W) of the network.
            target: heatmaps (B, K, H, W).
            target_weights: (B, K) weight of each keypoint, or (B, K, H, W) of each pixel.

        Returns:
            Scalar, the mean over people and their ``topk`` keypoints.

        Raises:
            InputError: shapes that do not fit, fewer keypoints than ``topk``, or weights missing.
        """
        check_heatmaps('KeypointOHKMMSELoss', output, target)
        if self.topk > output.shape[1]:
            raise InputError(f'KeypointOHKMMSELoss: topk={self.topk}, but there are {output.shape[1]} keypoints')
        error = output.float() - target.float()
        if self.use_target_weight:
            error = error * padded_weights('KeypointOHKMMSELoss', target_weights, target)
        each = error.square().flatten(2).mean(-1)
        return each.topk(self.topk, dim=1, sorted=False).values.mean() * self.loss_weight
