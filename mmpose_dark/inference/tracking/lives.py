"""What all trackers share: checks, numbers, and how tracks begin, are lost, come back and end."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ...structures.poses import Poses
from ...utils.errors import InputError
from .base import BaseTracker
from .matching import match_in_stages
from .observed import Observed, observe_people, sigmas_of

__all__ = ['StagedTracker']


class StagedTracker(BaseTracker):
    """A tracker of stages, see `match_in_stages`; what similarity is, and how tracks move on, its children say.

    All times are seconds, so that neither frame rate nor frames that are missing change what a setting means.

    Args:
        certain: least score (`Poses.scores`) of a person that begins a track.
        uncertain: least score of one that goes on with a track; who is below is -1.
        keypoint_thr: keypoints with a score up to this do not count.
        max_gap: seconds that a track may be lost and still come back.
        min_similarity: of a person with a track that goes on, 0..1.
        lost_after: seconds without being seen after which a track counts as lost.
        trial: seconds that a track must have been seen for to be kept while lost; false people end at once.
        sigmas: (K,) spread of each keypoint; by default see `sigmas_of`.

    Raises:
        InputError: a value out of range.
    """

    least_comeback = 0.0

    def __init__(
        self,
        *,
        certain: float = 0.3,
        uncertain: float = 0.1,
        keypoint_thr: float = 0.2,
        max_gap: float = 3.0,
        min_similarity: float = 0.4,
        lost_after: float = 0.5,
        trial: float = 0.15,
        sigmas: np.ndarray | None = None,
    ) -> None:
        if not 0 <= uncertain <= certain:
            raise InputError(f'tracker: uncertain={uncertain} must be within 0 and certain={certain}')
        if not 0 < min_similarity <= 1:
            raise InputError(f'tracker: min_similarity={min_similarity} is not within 0..1')
        for name, value in dict(max_gap=max_gap, lost_after=lost_after, trial=trial).items():
            if not 0 <= value < np.inf:
                raise InputError(f'tracker: {name}={value} must be seconds, not negative')
        self.certain, self.uncertain, self.keypoint_thr = certain, uncertain, keypoint_thr
        self.max_gap, self.lost_after, self.trial = max_gap, lost_after, trial
        self.min_similarity, self.sigmas = min_similarity, sigmas
        self.reset()

    def reset(self) -> None:
        """Forget everybody, and begin with number 1 again: another video comes."""
        self._time: float | None = None
        self._next_id, self._num_keypoints = 1, None
        self._ids = np.zeros(0, int)
        self._first = np.zeros(0)  # seconds
        self._last = np.zeros(0)
        self.clear_tracks()

    def __call__(self, poses: Poses, *, time: float, image: np.ndarray | None = None) -> Poses:
        """Return the same people, in the same order, with ``track_ids``; see `BaseTracker`.

        Args:
            poses: N people of the next frame; old ``track_ids`` are not looked at.
            time: of the frame, seconds; more than that of the last one.
            image: (H, W, 3) uint8 BGR; None where it is not needed.

        Raises:
            InputError: a time that does not rise, another number of keypoints than before, or no image where one is
                needed.
        """
        passed = self._check(poses, time, image)
        sigmas = sigmas_of(poses, self.sigmas) if len(poses) else np.zeros(poses.num_keypoints)
        seen = observe_people(poses, sigmas, keypoint_thr=self.keypoint_thr)
        self._keep(time - self._last <= self.max_gap)
        self.move_on(passed, image)
        scores = np.where(seen.usable, np.nan_to_num(poses.scores, nan=0.0), -1.0)
        listened = np.flatnonzero(scores >= self.uncertain)
        track_ids = np.full(len(poses), -1)
        if len(listened):
            track_ids[listened] = self._match(_rows(seen, listened), scores[listened], sigmas, time, passed)
        self._time = time
        waited = time - self._last
        self._keep((waited <= self.lost_after) | (self._last - self._first >= self.trial))
        return replace(poses, track_ids=track_ids)

    def _check(self, poses: Poses, time: float, image: np.ndarray | None) -> float:
        """Return the seconds since the last frame."""
        name = type(self).__name__
        if not np.isfinite(time) or (self._time is not None and time <= self._time):
            raise InputError(
                f'{name}: a frame of time {time} s after one of {self._time} s; times must rise: give each frame '
                'once, in order, or call reset() before another video'
            )
        if len(poses):
            if self._num_keypoints not in (None, poses.num_keypoints):
                raise InputError(
                    f'{name}: {poses.num_keypoints} keypoints after frames with {self._num_keypoints}; call reset() '
                    'before another kind of poses'
                )
            self._num_keypoints = poses.num_keypoints
        if self.needs_images and image is None:
            raise InputError(f'{name} follows people by what the images show: give image=, or take another tracker')
        return 0.0 if self._time is None else time - self._time

    def _match(self, seen: Observed, scores: np.ndarray, sigmas: np.ndarray, time: float, passed: float) -> np.ndarray:
        certain = scores >= self.certain
        similarity, again = self.similarities(seen, sigmas)
        waited = time - self._last
        found = match_in_stages(
            similarity,
            again,
            certain=certain,
            recent=waited <= max(self.lost_after, passed),
            just_seen=waited <= passed,
            least=0.0,
            least_again=self.least_comeback,
        )
        people = np.flatnonzero(found >= 0)
        self._last[found[people]] = time
        self.update(found[people], _rows(seen, people))
        new = np.flatnonzero((found < 0) & certain)
        ids = np.full(len(found), -1)
        ids[people] = self._ids[found[people]]
        ids[new] = self._next_id + np.arange(len(new))
        self._next_id += len(new)
        self._ids = np.concatenate([self._ids, ids[new]])
        self._first = np.concatenate([self._first, np.full(len(new), time)])
        self._last = np.concatenate([self._last, np.full(len(new), time)])
        self.begin(_rows(seen, new))
        return ids

    def _keep(self, kept: np.ndarray) -> None:
        if not kept.all():
            self._ids, self._first, self._last = self._ids[kept], self._first[kept], self._last[kept]
            self.keep_tracks(kept)

    @abstractmethod
    def clear_tracks(self) -> None:
        """Forget all tracks."""

    @abstractmethod
    def keep_tracks(self, kept: np.ndarray) -> None:
        """Forget all tracks but those of a mask (T,)."""

    @abstractmethod
    def move_on(self, seconds: float, image: np.ndarray | None) -> None:
        """Move the tracks to the next frame, ``seconds`` later, with the image (H, W, 3) if images are needed."""

    @abstractmethod
    def similarities(self, seen: Observed, sigmas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (T, N) with tracks that go on and (T, N) by place and size alone, for ``sigmas`` (K,).

        The first is 0 where it is below ``min_similarity``, by whatever measure of the tracker.
        """

    @abstractmethod
    def update(self, rows: np.ndarray, seen: Observed) -> None:
        """Tell the tracks ``rows`` (P,) that they are the P people seen."""

    @abstractmethod
    def begin(self, seen: Observed) -> None:
        """Begin a track for each person seen, behind the others."""


def _rows(seen: Observed, rows: np.ndarray) -> Observed:
    names: Mapping[str, np.ndarray] = vars(seen)
    return Observed(**{name: array[rows] for name, array in names.items()})
