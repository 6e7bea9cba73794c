"""The loss of UDP's combined targets: a disc, and inside it the way to the keypoint."""

import torch
from torch import nn

from mmpose_dark.registry import MODELS

from ...utils.errors import InputError
from .shapes import check_heatmaps, padded_weights

__all__ = ['CombinedTargetMSELoss']


@MODELS.register_module()
class CombinedTargetMSELoss(nn.Module):
    """Mean squared error of discs, and of the ways inside the true discs (mmpose 1.x's arguments).

    Huang et al., CVPR 2020, section "Combined classification and regression form".

    Args:
        use_target_weight: scale each keypoint's disc, predicted and true, with its weight.
        loss_weight: factor of the result.

    >>> output, target = torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2)
    >>> CombinedTargetMSELoss()(output, target)
    tensor(1.5000)
    """

    def __init__(self, use_target_weight: bool = False, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.use_target_weight, self.loss_weight = use_target_weight, loss_weight

    def forward(
        self, output: torch.Tensor, target: torch.Tensor, target_weights: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Compute the loss, in float32 at least.

        Args:
            output: maps (B, 3 K, H, W) of the network: disc, x and y of each keypoint in turn.
            target: maps (B, 3 K, H, W).
            target_weights: (B, K) weight of each keypoint.

        Returns:
            Scalar.

        Raises:
            InputError: shapes that do not fit, or weights missing where they are to be used.
        """
        check_heatmaps('CombinedTargetMSELoss', output, target)
        if output.shape[1] % 3:
            raise InputError(f'CombinedTargetMSELoss: {output.shape[1]} maps are not three a keypoint')
        output, target = output.float().unflatten(1, (-1, 3)), target.float().unflatten(1, (-1, 3))
        disc, true_disc = output[:, :, 0], target[:, :, 0]
        if self.use_target_weight:
            weights = padded_weights('CombinedTargetMSELoss', target_weights, true_disc)
            disc, true_disc = disc * weights, true_disc * weights
        ways = (output[:, :, 1:] - target[:, :, 1:]) * true_disc[:, :, None]
        loss = (disc - true_disc).square().mean() + 2 * ways.square().mean()
        return loss * 0.5 * self.loss_weight
