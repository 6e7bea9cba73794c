"""How well people are tracked: MOTA, IDF1, switches and fragmentations of whole people.

MOTA and the counts are CLEAR-MOT's (Bernardin and Stiefelhagen, EURASIP JIVP 2008), IDF1 that of Ristani et al.
(ECCV 2016 workshops, arXiv:1609.01775).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from ...structures.poses import Poses
from ...utils.errors import InputError
from .box_iou import box_iou
from .oks import oks
from .tracking import TrackedJoints

__all__ = ['TrackScores', 'box_similarity', 'pose_similarity', 'score_tracks']


@dataclass(eq=False)
class TrackScores:
    """Counts of a tracker over the frames of one or several videos, frame by frame in the order of time.

    Args:
        threshold: least similarity at which a person found is a person labelled.

    >>> scores = TrackScores()
    >>> for track in (7, 7, 9):
    ...     scores.update([1], [track], np.array([[0.9]]))
    >>> found = scores.compute()
    >>> [round(float(found[name]), 3) for name in ('MOTA', 'IDF1', 'switches')]
    [66.667, 66.667, 1.0]
    """

    threshold: float = 0.5
    _clear: TrackedJoints = field(init=False, repr=False)
    _pairs: dict[tuple[object, int, int], int] = field(default_factory=dict, init=False, repr=False)
    _people: dict[tuple[object, int], int] = field(default_factory=dict, init=False, repr=False)
    _tracks: dict[tuple[object, int], int] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise InputError(f'TrackScores: threshold={self.threshold} is not within 0..1')
        self._clear = TrackedJoints(1, max_distance=1 - self.threshold)

    def update(
        self,
        people: np.typing.ArrayLike,
        tracks: np.typing.ArrayLike,
        similarity: np.ndarray,
        *,
        sequence: str | int = 0,
    ) -> None:
        """Count one frame.

        Args:
            people: (G,) numbers of those who are labelled.
            tracks: (N,) numbers of those who were found; -1, not tracked, are left out.
            similarity: (N, G) in 0..1, OKS or overlap.
            sequence: the video; numbers of different videos have nothing to do with each other.

        Raises:
            InputError: a number twice in a frame, or another shape of ``similarity``.
        """
        people, tracks = np.asarray(people, int).reshape(-1), np.asarray(tracks, int).reshape(-1)
        similarity = np.asarray(similarity, np.float64)
        if similarity.shape != (len(tracks), len(people)):
            raise InputError(
                f'similarity must have the shape (N, G) = {(len(tracks), len(people))}, got {similarity.shape}'
            )
        similarity, tracks = similarity[tracks >= 0], tracks[tracks >= 0]
        for name, numbers in (('people', people), ('tracks', tracks)):
            if len(set(numbers.tolist())) < len(numbers):
                raise InputError(f'{name} {numbers.tolist()}: a number stands twice in one frame')
        enough = similarity >= self.threshold
        distance = np.where(enough, 1 - similarity, np.inf)[..., None]
        all_of = np.ones((len(people), 1), bool), np.ones((len(tracks), 1), bool)
        self._clear.update(sequence, people, tracks, distance, *all_of)
        for person in people.tolist():
            self._people[sequence, person] = self._people.get((sequence, person), 0) + 1
        for track in tracks.tolist():
            self._tracks[sequence, track] = self._tracks.get((sequence, track), 0) + 1
        for n, g in np.argwhere(enough):
            key = (sequence, people[g].item(), tracks[n].item())
            self._pairs[key] = self._pairs.get(key, 0) + 1

    def compute(self) -> dict[str, float]:
        """Return the scores.

        Returns:
            Per cent ``MOTA``, ``IDF1``, ``IDP`` and ``IDR`` (precision and recall of identities), ``precision``,
            ``recall`` and ``similarity`` (mean of those matched); the numbers of ``switches``, ``fragmentations``,
            ``misses``, ``false_positives`` and ``objects``, people labelled over all frames. NaN where nothing is
            to divide by.
        """
        clear = self._clear
        objects, matches = int(clear.objects[0]), int(clear.matches[0])
        found = matches + int(clear.false_positives[0])
        wrong = clear.misses[0] + clear.false_positives[0] + clear.switches[0]
        same = self._same_identity()
        return {
            'MOTA': _per_cent(objects - wrong, objects),
            'IDF1': _per_cent(2 * same, objects + found),
            'IDP': _per_cent(same, found),
            'IDR': _per_cent(same, objects),
            'precision': _per_cent(matches, found),
            'recall': _per_cent(matches, objects),
            'similarity': _per_cent(matches - clear.distance[0], matches),
            'switches': float(clear.switches[0]),
            'fragmentations': float(clear.fragmentations[0]),
            'misses': float(clear.misses[0]),
            'false_positives': float(clear.false_positives[0]),
            'objects': float(objects),
        }

    def _same_identity(self) -> int:
        """Frames under the right number when each person gets the one track that fits best over all frames."""
        from scipy.optimize import linear_sum_assignment

        rows = {key: i for i, key in enumerate(self._people)}
        columns = {key: i for i, key in enumerate(self._tracks)}
        shared = np.zeros((len(rows), len(columns)))
        for (sequence, person, track), count in self._pairs.items():
            shared[rows[sequence, person], columns[sequence, track]] = count
        return int(shared[linear_sum_assignment(shared, maximize=True)].sum())


def pose_similarity(
    found: Poses, keypoints: np.ndarray, *, visible: np.ndarray, areas: np.ndarray, sigmas: np.ndarray
) -> np.ndarray:
    """OKS of those found with those labelled, over the keypoints that are labelled.

    Args:
        found: N people.
        keypoints: (G, K, 2) labelled, pixels.
        visible: (G, K) boolean, which are counted.
        areas: (G,) square pixels.
        sigmas: (K,) spread of each keypoint.

    Returns:
        (N, G) in 0..1.

    >>> one = Poses([[[1, 2]]], [[1.0]], [[0, 0, 4, 4]])
    >>> pose_similarity(one, np.array([[[1, 2.0]]]), visible=np.ones((1, 1), bool), areas=np.ones(1),
    ...                 sigmas=np.ones(1)).tolist()
    [[1.0]]
    """
    if not len(found) or not len(keypoints):
        return np.zeros((len(found), len(keypoints)))
    points = np.nan_to_num(found.keypoints.astype(np.float64), nan=1e9, posinf=1e9, neginf=-1e9)
    return oks(points, keypoints, areas=np.asarray(areas)[None], sigmas=sigmas, visible=np.asarray(visible)[None])


def box_similarity(found: Poses, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union (N, G) of those found, N people, with labelled boxes (G, 4) xyxy in pixels.

    >>> box_similarity(Poses([[[1, 2]]], [[1.0]], [[0, 0, 4, 4]]), np.array([[0, 0, 4, 2.0]])).tolist()
    [[0.5]]
    """
    return box_iou(found.boxes, boxes)


def score_tracks(
    frames: Iterable[tuple[np.typing.ArrayLike, np.typing.ArrayLike, np.ndarray]], *, threshold: float = 0.5
) -> dict[str, float]:
    """Score the frames of one video, each people (G,), tracks (N,) and similarity (N, G); see `TrackScores`.

    >>> score_tracks([([1, 2], [5], np.array([[0.8, 0.1]]))])['recall']
    50.0
    """
    scores = TrackScores(threshold)
    for people, tracks, similarity in frames:
        scores.update(people, tracks, similarity)
    return scores.compute()


def _per_cent(part: float, whole: float) -> float:
    return 100.0 * float(part) / float(whole) if whole else float('nan')
