"""What every loss of heatmaps checks first."""

import torch

from ...utils.errors import InputError

__all__ = ['check_heatmaps', 'padded_weights']


def check_heatmaps(name: str, output: torch.Tensor, target: torch.Tensor) -> None:
    """Compare the shapes of output and target.

    Args:
        name: of the loss, for the message.
        output: heatmaps (B, K, H, W) of the network.
        target: heatmaps (B, K, H, W).

    Raises:
        InputError: they differ.

    >>> check_heatmaps('Loss', torch.zeros(1, 2, 4, 4), torch.zeros(1, 3, 4, 4))
    Traceback (most recent call last):
        ...
    mmpose_dark.utils.errors.InputError: Loss: the network gives heatmaps (1, 2, 4, 4), the targets are (1, 3, 4, 4) ...
    """
    if output.shape != target.shape:
        raise InputError(
            f'{name}: the network gives heatmaps {tuple(output.shape)}, the targets are '
            f"{tuple(target.shape)} (B, K, H, W); K is the head's out_channels, H and W the codec's heatmap_size"
        )


def padded_weights(name: str, weights: torch.Tensor | None, target: torch.Tensor) -> torch.Tensor:
    """Bring weights into a shape that broadcasts against the heatmaps.

    Args:
        name: of the loss, for the message.
        weights: (B, K), or (B, K, H, W).
        target: heatmaps (B, K, H, W).

    Returns:
        (B, K, 1, 1) or (B, K, H, W), float32.

    Raises:
        InputError: they are missing, or of another shape.

    >>> padded_weights('Loss', torch.ones(2, 3), torch.zeros(2, 3, 4, 4)).shape
    torch.Size([2, 3, 1, 1])
    """
    if weights is None:
        raise InputError(f'{name}: use_target_weight=True needs target_weights (B, K)')
    if weights.ndim not in (2, 4) or weights.shape != target.shape[: weights.ndim]:
        raise InputError(
            f'{name}: target_weights {tuple(weights.shape)} must be (B, K) or (B, K, H, W) of the targets '
            f'{tuple(target.shape)}'
        )
    return weights.float().reshape(*weights.shape, *(1,) * (4 - weights.ndim))
