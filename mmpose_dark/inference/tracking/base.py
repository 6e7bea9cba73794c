"""The contract of trackers: who of this frame is who of the frames before."""

from abc import ABC, abstractmethod

import numpy as np

from ...structures.poses import Poses

__all__ = ['BaseTracker']


class BaseTracker(ABC):
    """Gives the people of each frame numbers that stay theirs.

    Frames come in their order, each once, also those without people. What it answers depends on these alone: not on
    how many people the network took at a time.

    Attributes:
        needs_images: whether a call needs the image.
    """

    needs_images: bool = False

    @abstractmethod
    def __call__(self, poses: Poses, *, time: float, image: np.ndarray | None = None) -> Poses:
        """Return the same people, in the same order, with ``track_ids``.

        Args:
            poses: N people of the next frame.
            time: of the frame, seconds; more than that of the last one.
            image: (H, W, 3) uint8 BGR; None where it is not needed.

        Returns:
            ``track_ids`` (N,) from 1 on, each at most once in a frame; -1 for who is too uncertain to begin a track.
        """

    @abstractmethod
    def reset(self) -> None:
        """Forget everybody, and begin with number 1 again: another video comes."""
