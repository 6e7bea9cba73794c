"""What a smoother remembers of each person, by track number."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from ...structures.poses import Poses
from ...utils.errors import InputError
from .base import BaseSmoother

__all__ = ['RememberingSmoother', 'TrackMemory', 'check_time', 'track_ids_of']


def check_time(time: float, last: float | None) -> None:
    """Refuse a time that does not come after the last one.

    Raises:
        InputError: it is not finite, or not later.

    >>> check_time(0.5, 0.4)
    """
    if not np.isfinite(time) or (last is not None and time <= last):
        raise InputError(
            f'smoother: the time {time} s does not come after {last} s: give frames in their order, each once, and '
            'call reset() before another video'
        )


def track_ids_of(poses: Poses) -> np.ndarray:
    """Return the track numbers (N,).

    Raises:
        InputError: the people are not tracked, or two of them have one number.
    """
    if poses.track_ids is None:
        if len(poses):
            raise InputError('smoother: people need track_ids: give them to a tracker first')
        return np.zeros(0, np.int64)
    ids = poses.track_ids[poses.track_ids >= 0]
    if len(np.unique(ids)) != len(ids):
        raise InputError(f'smoother: two people of one frame have the same track number: {sorted(ids.tolist())}')
    return poses.track_ids


class TrackMemory:
    """Arrays with one row a person who is followed; who was not seen for a while is forgotten.

    Args:
        shapes: name -> shape of what is kept of each keypoint, such as ``(4,)``.
        max_gap: seconds after which a person begins anew.
        fill: name -> value of a new row; 0 where it is not said.

    Attributes:
        ids: (T,) track numbers.
        times: (T,) seconds when each was seen last.
        arrays: by name, (T, K, ...).
        passed: (N,) seconds since the people of the last call of ``rows`` were seen before.

    >>> memory = TrackMemory({'state': (4,)}, max_gap=0.5)
    >>> memory.rows([7], num_keypoints=17, time=0.0).tolist(), memory.arrays['state'].shape
    ([0], (1, 17, 4))
    """

    def __init__(
        self, shapes: dict[str, tuple[int, ...]], *, max_gap: float, fill: dict[str, float] | None = None
    ) -> None:
        self.shapes, self.max_gap, self.fill = shapes, max_gap, fill or {}
        self.reset()

    def reset(self) -> None:
        """Forget everybody."""
        self.ids = np.zeros(0, np.int64)
        self.times = self.passed = np.zeros(0)
        self.arrays: dict[str, np.ndarray] = {}

    def rows(self, ids: Sequence[int], *, num_keypoints: int, time: float) -> np.ndarray:
        """Return the row (N,) of each track, making rows for those that are new, and set their times.

        Args:
            ids: N track numbers, each once.
            num_keypoints: K.
            time: seconds.
        """
        kept = time - self.times <= self.max_gap
        self.ids, self.times = self.ids[kept], self.times[kept]
        self.arrays = {name: array[kept] for name, array in self.arrays.items()}
        new = [i for i in ids if i not in set(self.ids.tolist())]
        self.ids = np.concatenate([self.ids, np.array(new, np.int64)])
        self.times = np.concatenate([self.times, np.full(len(new), time)])
        for name, shape in self.shapes.items():
            more = np.full((len(new), num_keypoints, *shape), self.fill.get(name, 0.0))
            self.arrays[name] = np.concatenate([self.arrays[name], more]) if name in self.arrays else more
        place = {int(number): row for row, number in enumerate(self.ids)}
        found = np.array([place[int(i)] for i in ids], np.int64)
        self.passed = time - self.times[found]
        self.times[found] = time
        return found


class RememberingSmoother(BaseSmoother):
    """A smoother that keeps arrays of each keypoint of each track.

    Args:
        shapes: see `TrackMemory`.
        max_gap: see `TrackMemory`.
        fill: see `TrackMemory`.
    """

    def __init__(
        self, shapes: dict[str, tuple[int, ...]], *, max_gap: float, fill: dict[str, float] | None = None
    ) -> None:
        self.max_gap = max_gap
        self._memory = TrackMemory(shapes, max_gap=max_gap, fill=fill)
        self._time: float | None = None

    def reset(self) -> None:
        """Forget everybody: another video comes."""
        self._memory.reset()
        self._time = None

    def __call__(self, poses: Poses, *, time: float) -> Poses:
        """Return the same people with smoother ``keypoints``.

        Raises:
            InputError: a time that is not later than the last one, or people without ``track_ids``.
        """
        check_time(time, self._time)
        ids = track_ids_of(poses)
        self._time = time
        who = np.flatnonzero(ids >= 0)
        if not len(who):
            return poses
        rows = self._memory.rows(ids[who], num_keypoints=poses.num_keypoints, time=time)
        kept = {name: array[rows] for name, array in self._memory.arrays.items()}
        smoothed, kept = self.smoothed(poses, who, kept, time=time, passed=self._memory.passed)
        for name, values in kept.items():
            self._memory.arrays[name][rows] = values
        return smoothed

    @abstractmethod
    def smoothed(
        self, poses: Poses, who: np.ndarray, kept: dict[str, np.ndarray], *, time: float, passed: np.ndarray
    ) -> tuple[Poses, dict[str, np.ndarray]]:
        """Smooth the people of one frame.

        Args:
            poses: N people.
            who: (P,) numbers of those who are tracked.
            kept: of these, by name, (P, K, ...).
            time: seconds.
            passed: (P,) seconds since each was seen.

        Returns:
            All N people, and what is to be kept.
        """
