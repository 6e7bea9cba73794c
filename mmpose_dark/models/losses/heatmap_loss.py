"""Mean squared error between heatmaps."""

import torch
from torch import nn

from mmpose_dark.registry import MODELS

from ...utils.errors import InputError
from .shapes import check_heatmaps, padded_weights

__all__ = ['KeypointMSELoss']


@MODELS.register_module()
class KeypointMSELoss(nn.Module):
    """Mean squared error of heatmaps; weights and masks scale it, the mean is over all elements (as mmpose 1.x).

    Args:
        use_target_weight: scale each keypoint's error with its weight; without it the weights are ignored.
        skip_empty_channel: ignore heatmaps whose target is zero everywhere.
        loss_weight: factor of the result.

    >>> loss = KeypointMSELoss(use_target_weight=True)
    >>> output, target = torch.ones(1, 2, 4, 4), torch.zeros(1, 2, 4, 4)
    >>> loss(output, target, torch.tensor([[1.0, 0.0]]))
    tensor(0.5000)
    """

    def __init__(
        self, use_target_weight: bool = False, skip_empty_channel: bool = False, loss_weight: float = 1.0
    ) -> None:
        super().__init__()
        self.use_target_weight = use_target_weight
        self.skip_empty_channel = skip_empty_channel
        self.loss_weight = loss_weight

    def forward(
        self,
        output: torch.Tensor,
        target: torch.Tensor,
        target_weights: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Compute the loss, in float32 at least.

        Args:
            output: heatmaps (B, K, H, W) of the network.
            target: heatmaps (B, K, H, W).
            target_weights: (B, K) weight of each keypoint, or (B, K, H, W) of each pixel.
            mask: (B, K or 1, H or 1, W or 1) factor of each pixel's error.

        Returns:
            Scalar.

        Raises:
            ValueError: shapes that do not fit, or weights missing where they are to be used.
        """
        check_heatmaps('KeypointMSELoss', output, target)
        error = (output.float() - target.float()).square()
        factor = self._factor(target, target_weights, mask)
        if factor is not None:
            error = error * factor
        return error.mean() * self.loss_weight

    def _factor(
        self, target: torch.Tensor, target_weights: torch.Tensor | None, mask: torch.Tensor | None
    ) -> torch.Tensor | None:
        """Multiply what scales the error into one tensor that broadcasts against the target."""
        factor = None
        if mask is not None:
            if mask.ndim != 4 or any(m not in (1, t) for m, t in zip(mask.shape, target.shape, strict=True)):
                raise InputError(
                    f'KeypointMSELoss: mask {tuple(mask.shape)} does not broadcast to the targets {tuple(target.shape)}'
                )
            factor = mask.to(torch.float32)
        if self.use_target_weight:
            weights = padded_weights('KeypointMSELoss', target_weights, target)
            factor = weights if factor is None else factor * weights
        if self.skip_empty_channel:
            filled = (target != 0).flatten(2).any(dim=2)[..., None, None].float()
            factor = filled if factor is None else factor * filled
        return factor
