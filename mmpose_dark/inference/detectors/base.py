"""The contract of detectors: from images to the boxes of the people in them, several images at a time."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

__all__ = ['BaseDetector']


class BaseDetector(ABC):
    """Finds people.

    Attributes:
        name: what reports call it.
        batch_size: how many images a call is fastest with; 1 where the network takes one at a time. More, or fewer,
            are allowed.
    """

    name: str = ''
    batch_size: int = 1

    @abstractmethod
    def __call__(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the boxes of the people in each image.

        Args:
            images: each (H, W, 3) uint8 BGR, of any size; not modified. The boxes do not depend on which images come
                together.

        Returns:
            For each image (N, 5) float32: left, top, right, bottom in image pixels, inside the image, and the score
            0..1; the highest score first. N may be 0.
        """
