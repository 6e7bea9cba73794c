"""What a network gives: one tensor, or a tuple of tensors whose first axis is the batch."""

from collections.abc import Callable

from torch import Tensor

__all__ = ['Outputs', 'largest_difference', 'map_outputs']

Outputs = Tensor | tuple[Tensor, ...]
"""Outputs of a head: (B, C, H, W), or several tensors whose first axis is the batch."""


def map_outputs(function: Callable[[Tensor], Tensor], outputs: Outputs) -> Outputs:
    """Apply a function to each tensor of a network's outputs.

    Args:
        function: of one tensor (B, ...).
        outputs: (B, C, H, W), or several tensors whose first axis is the batch.

    Returns:
        The same structure.

    >>> import torch
    >>> map_outputs(lambda x: x[:1], (torch.zeros(3), torch.ones(3)))
    (tensor([0.]), tensor([1.]))
    """
    if isinstance(outputs, Tensor):
        return function(outputs)
    return tuple(function(x) for x in outputs)


def largest_difference(outputs: Outputs, expected: Outputs) -> float:
    """Largest difference between two networks' outputs, as a share of the largest value expected.

    Args:
        outputs: (B, C, H, W), or several tensors.
        expected: the same structure and shapes.

    >>> import torch
    >>> largest_difference(torch.tensor([1.0, 4.0]), torch.tensor([2.0, 4.0]))
    0.25
    """
    pairs = [(outputs, expected)] if isinstance(outputs, Tensor) else list(zip(outputs, expected, strict=True))
    return max(float((a - b).abs().max() / b.abs().max().clamp(min=1e-12)) for a, b in pairs)
