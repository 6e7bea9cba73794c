"""A model's network alone, for back ends that convert it, and the check that they converted it right."""

from collections.abc import Callable

import torch

from ..models import BasePoseEstimator
from ..models.outputs import Outputs, largest_difference
from ..utils.errors import InputError, StateError

__all__ = ['PlainNetwork', 'check_conversion', 'example_images', 'require_cpu']


class PlainNetwork(torch.nn.Module):
    """What is converted: images (B, 3, H, W), normalised, in; the network's outputs out.

    Args:
        model: in evaluation mode.
    """

    def __init__(self, model: BasePoseEstimator) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: torch.Tensor) -> Outputs:
        """Compute the outputs, (B, C, H', W') or several tensors, of images (B, 3, H, W)."""
        return self.model.compute_outputs(inputs)


def require_cpu(example: torch.Tensor, backend: str) -> None:
    """Refuse a model that is not on the CPU.

    Args:
        example: images on the model's device.
        backend: its name, for the message.

    Raises:
        InputError: another device.
    """
    if example.device.type != 'cpu':
        raise InputError(f'the {backend} backend runs on the CPU, the model is on {example.device}; use --device cpu')


def example_images(example: torch.Tensor, count: int = 1) -> torch.Tensor:
    """Return images (count, 3, H, W) of noise, the same in every run.

    >>> example_images(torch.zeros(1, 3, 4, 2), 5).shape
    torch.Size([5, 3, 4, 2])
    """
    return torch.randn((count, *example.shape[1:]), generator=torch.Generator().manual_seed(0))


def check_conversion(
    run: Callable[[torch.Tensor], Outputs], images: torch.Tensor, expected: Outputs, *, program: str, tolerance: float
) -> float:
    """Return by how much of the largest output a converted network differs from torch.

    Args:
        run: the converted network.
        images: (B, 3, H, W).
        expected: torch's outputs of these.
        program: what runs it, with its version, for the message.
        tolerance: that is allowed.

    Raises:
        StateError: it computes something else.
    """
    difference = largest_difference(run(images), expected)
    if not difference < tolerance:
        raise StateError(
            f'the network computes something else in {program} (heatmaps differ by {difference:.1e} of the largest); '
            'use the torch backend'
        )
    return difference
