"""Adaptive wing loss between heatmaps (Wang et al., ICCV 2019, arXiv:1904.07399)."""

import torch
from torch import nn

from mmpose_dark.registry import MODELS

from ...utils.errors import InputError
from .shapes import check_heatmaps, padded_weights

__all__ = ['AdaptiveWingLoss']


@MODELS.register_module()
class AdaptiveWingLoss(nn.Module):
    """Logarithmic near zero error and linear beyond, steeper where the target is high (mmpose 1.x's arguments).

    Args:
        alpha: exponent at the background; above 2, so that the loss is smooth there.
        omega: scale of the logarithmic part.
        epsilon: width of the logarithmic part.
        theta: error at which the linear part begins.
        use_target_weight: scale output and target with each keypoint's weight.
        loss_weight: factor of the result.

    Raises:
        InputError: a parameter outside of its range.

    >>> loss = AdaptiveWingLoss()
    >>> loss(torch.full((1, 1, 2, 2), 0.5), torch.ones(1, 1, 2, 2)).round(decimals=3)
    tensor(5.3600)
    """

    def __init__(
        self,
        alpha: float = 2.1,
        omega: float = 14,
        epsilon: float = 1,
        theta: float = 0.5,
        use_target_weight: bool = False,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        if not (alpha > 1 and omega > 0 and epsilon > 0 and theta > 0):
            raise InputError(
                f'AdaptiveWingLoss: alpha must be above 1 and omega, epsilon and theta above 0, got alpha={alpha}, '
                f'omega={omega}, epsilon={epsilon}, theta={theta}'
            )
        self.alpha, self.omega, self.epsilon, self.theta = float(alpha), float(omega), float(epsilon), float(theta)
        self.use_target_weight, self.loss_weight = use_target_weight, loss_weight

    def forward(
        self, output: torch.Tensor, target: torch.Tensor, target_weights: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Compute the loss, in float32 at least.

        Args:
            output: heatmaps (B, K, H, W) of the network.
            target: heatmaps (B, K, H, W), 0..1.
            target_weights: (B, K) weight of each keypoint, or (B, K, H, W) of each pixel.

        Returns:
            Scalar, the mean over all elements.

        Raises:
            InputError: shapes that do not fit, or weights missing where they are to be used.
        """
        check_heatmaps('AdaptiveWingLoss', output, target)
        output, target = output.float(), target.float()
        if self.use_target_weight:
            weights = padded_weights('AdaptiveWingLoss', target_weights, target)
            output, target = output * weights, target * weights
        error = (target - output).abs()
        exponent = self.alpha - target
        ratio = self.theta / self.epsilon
        power = ratio**exponent
        slope = self.omega / (1 + power) * exponent * ratio ** (exponent - 1) / self.epsilon
        near = self.omega * torch.log1p((error / self.epsilon) ** exponent)
        far = slope * (error - self.theta) + self.omega * torch.log1p(power)
        return torch.where(error < self.theta, near, far).mean() * self.loss_weight
