"""The contracts of smoothers: those that know the past only, and those that know the whole video."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ...structures.poses import Poses

__all__ = ['BaseSmoother', 'BaseTrackSmoother']


class BaseSmoother(ABC):
    """Smooths keypoints frame by frame from what came before; never across track numbers."""

    @abstractmethod
    def __call__(self, poses: Poses, *, time: float) -> Poses:
        """Return the same people with smoother ``keypoints``, and ``covariances`` where it knows them better.

        Args:
            poses: N people of the next frame, with ``track_ids``; those with -1 come back as they are.
            time: of the frame, seconds; more than that of the last one.
        """

    @abstractmethod
    def reset(self) -> None:
        """Forget everybody: another video comes."""


class BaseTrackSmoother(ABC):
    """Smooths the keypoints of a whole video from past and future; never across track numbers."""

    @abstractmethod
    def smooth(self, poses: Sequence[Poses], times: Sequence[float]) -> list[Poses]:
        """Return the people of all frames with smoother ``keypoints``.

        Args:
            poses: T frames, with ``track_ids``; people with -1 come back as they are.
            times: T, seconds, rising.

        Returns:
            T frames: the people that were there in their order, and behind them those of gaps that were filled, with
            ``filled`` true. ``filled`` (N,) is there in every frame.
        """
