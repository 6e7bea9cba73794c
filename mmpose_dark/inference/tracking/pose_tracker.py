"""Tracking by prediction: where each person will be, and how certain that is."""

import numpy as np

from ...utils.errors import InputError
from .lives import StagedTracker
from .motion import Motion, Tracks, begin_tracks, predict_tracks, update_tracks
from .observed import Observed
from .similarity import comeback_similarity, going_on_similarity

__all__ = ['PoseTracker']


class PoseTracker(StagedTracker):
    """Follows people by where they were and how fast they moved; needs no images.

    Every track is predicted by a Kalman filter of the body with keypoints about it (`Motion`), which uses the
    ``covariances`` of the poses where they are known. People fit tracks by OKS, widened by what the prediction does
    not know, and by the overlap of boxes, within a gate; the assignment is the best one for all together. Who was
    lost is found again by place and size for ``max_gap`` seconds.

    Args:
        oks_weight: of the OKS.
        box_weight: of the overlap of the boxes.
        gate: standard deviations that somebody may be from where they are expected.
        motion: how people move.
        **settings: of `StagedTracker`: ``certain``, ``uncertain``, ``keypoint_thr``, ``max_gap`` ...

    Raises:
        InputError: a value out of range.

    >>> from ...structures.poses import Poses
    >>> tracker = PoseTracker()
    >>> for frame in range(3):
    ...     people = [[[10 + frame, 20]], [[90 - frame, 20]]]
    ...     boxes = [[frame, 0, 20 + frame, 40], [80 - frame, 0, 100 - frame, 40]]
    ...     found = tracker(Poses(people, np.ones((2, 1)), boxes)[:: (-1) ** frame], time=frame / 25)
    ...     print(found.track_ids.tolist())
    [1, 2]
    [2, 1]
    [1, 2]
    """

    def __init__(
        self,
        *,
        oks_weight: float = 0.8,
        box_weight: float = 0.2,
        gate: float = 3.0,
        motion: Motion | None = None,
        **settings: float | np.ndarray | None,
    ) -> None:
        if min(oks_weight, box_weight) < 0 or oks_weight + box_weight == 0 or gate <= 0:
            raise InputError(
                f'PoseTracker: oks_weight={oks_weight} and box_weight={box_weight} must not be negative nor both 0, '
                f'and gate={gate} must be positive'
            )
        self.oks_weight, self.box_weight, self.gate = oks_weight, box_weight, gate
        self.motion = motion or Motion()
        self.least_comeback = float(np.exp(-(gate**2) / 2))
        super().__init__(**settings)

    def clear_tracks(self) -> None:
        """Forget all tracks."""
        self._tracks: Tracks | None = None

    def keep_tracks(self, kept: np.ndarray) -> None:
        """Forget all tracks but those of a mask (T,)."""
        if self._tracks is not None:
            self._tracks = self._tracks[kept]

    def move_on(self, seconds: float, image: np.ndarray | None) -> None:
        """Predict all tracks; the image (H, W, 3) is not looked at."""
        if self._tracks is not None:
            self._tracks = predict_tracks(self._tracks, seconds, self.motion)

    def similarities(self, seen: Observed, sigmas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (T, N) of `going_on_similarity` and (T, N) of `comeback_similarity`, for ``sigmas`` (K,)."""
        if self._tracks is None:
            return np.zeros((0, len(seen))), np.zeros((0, len(seen)))
        going_on = going_on_similarity(
            self._tracks,
            seen,
            sigmas,
            oks_weight=self.oks_weight,
            box_weight=self.box_weight,
            gate=self.gate,
            least=self.min_similarity,
        )
        return going_on, comeback_similarity(self._tracks, seen, gate=self.gate)

    def update(self, rows: np.ndarray, seen: Observed) -> None:
        """Update the tracks ``rows`` (P,) with the P people seen."""
        if self._tracks is None or not len(rows):
            return
        order = np.concatenate([rows, np.setdiff1d(np.arange(len(self._tracks)), rows)])
        others = self._tracks[order[len(rows) :]]
        updated = update_tracks(self._tracks[rows], seen, self.motion)
        self._tracks = updated.joined(others)[np.argsort(order)]

    def begin(self, seen: Observed) -> None:
        """Begin a track for each person seen."""
        if not len(seen):
            return
        new = begin_tracks(seen, self.motion)
        self._tracks = new if self._tracks is None else self._tracks.joined(new)
