"""Smoothing of whole tracks from past and future, with gaps filled."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ...structures.poses import Poses
from ...utils.errors import InputError
from .base import BaseTrackSmoother
from .filtering import predict, rts_step
from .kalman_smoother import KalmanSmoother, put_states
from .memory import check_time, track_ids_of
from .noise import person_sizes

__all__ = ['TwoPassSmoother']

_LOWERED = 0.5
_Spot = tuple[int, int]  # frame, person there


class TwoPassSmoother(BaseTrackSmoother):
    """`KalmanSmoother` forwards, then Rauch, Tung and Striebel's pass back through each track.

    In a gap of a track that is not longer than ``max_gap`` a person is put where the track must have been, with a box
    between those before and behind, and half of the scores between those before and behind.

    Args:
        max_gap: seconds; longer gaps stay, and the track is smoothed as two.
        **settings: of `KalmanSmoother`.

    Raises:
        InputError: a setting that is no number above 0.
    """

    def __init__(self, *, max_gap: float = 0.5, **settings: float) -> None:
        self.filter = KalmanSmoother(max_gap=max_gap, **settings)
        self.max_gap = max_gap

    def smooth(self, poses: Sequence[Poses], times: Sequence[float]) -> list[Poses]:
        """Return the people of all frames with smoother ``keypoints``, see `BaseTrackSmoother`.

        Raises:
            InputError: another number of times, times that do not rise, or people without ``track_ids``.
        """
        if len(poses) != len(times):
            raise InputError(f'smoother: {len(poses)} frames and {len(times)} times; give one time a frame')
        tracks: dict[int, list[_Spot]] = {}
        for frame, people in enumerate(poses):
            check_time(times[frame], times[frame - 1] if frame else None)
            for person, number in enumerate(track_ids_of(people).tolist()):
                if number >= 0:
                    tracks.setdefault(number, []).append((frame, person))
        found = [replace(people, filled=np.zeros(len(people), bool)) for people in poses]
        more: list[list[Poses]] = [[] for _ in poses]
        for spots in tracks.values():
            for part in self._parts(spots, times):
                self._smooth_part(part, poses, np.asarray(times, np.float64), found, more)
        return [_joined(people, added) for people, added in zip(found, more, strict=True)]

    def _parts(self, spots: list[_Spot], times: Sequence[float]) -> list[list[_Spot]]:
        """Cut a track where it has a long gap."""
        parts = [[spots[0]]]
        for before, spot in pairwise(spots):
            if times[spot[0]] - times[before[0]] > self.max_gap:
                parts.append([])
            parts[-1].append(spot)
        return parts

    def _smooth_part(
        self, spots: list[_Spot], poses: Sequence[Poses], times: np.ndarray, found: list[Poses], more: list[list[Poses]]
    ) -> None:
        """Smooth a track without long gaps; its people go into ``found``, those of gaps into ``more``."""
        first, last = spots[0][0], spots[-1][0]
        at = dict(spots)
        people = [poses[f][at[f]] if f in at else None for f in range(first, last + 1)]
        filled = _between(people, times[first : last + 1])
        states, covariances, unseen = self._both_ways(filled, times[first : last + 1])
        for step, frame in enumerate(range(first, last + 1)):
            values = states[step][None], covariances[step][None], unseen[step][None]
            if frame in at:
                found[frame] = put_states(found[frame], np.array([at[frame]]), *values)
            else:
                more[frame].append(put_states(filled[step], np.array([0]), *values))

    def _both_ways(self, people: Sequence[Poses], times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return states (T, K, 4), covariances (T, K, 4, 4) and seconds unseen (T, K) of one person."""
        count, keypoints = len(people), people[0].num_keypoints
        states, covariances = np.zeros((count, keypoints, 4)), np.zeros((count, keypoints, 4, 4))
        unseen = np.full((count, keypoints), np.inf)
        passed = np.diff(times, prepend=times[:1])
        for t, person in enumerate(people):
            before = max(t - 1, 0)
            step = self.filter.step(
                person, states[before][None], covariances[before][None], unseen[before][None],
                passed=np.full((1, keypoints), passed[t]),
            )  # fmt: skip
            states[t], covariances[t], unseen[t] = (value[0] for value in step)
        for t in range(count - 2, -1, -1):
            both = np.isfinite(unseen[t]) & np.isfinite(unseen[t + 1])
            wait = np.full(int(both.sum()), passed[t + 1])
            density = (self.filter.acceleration * person_sizes(people[t + 1])[0]) ** 2
            ahead = predict(states[t][both], covariances[t][both], wait, np.full(len(wait), density))
            states[t][both], covariances[t][both] = rts_step(
                (states[t][both], covariances[t][both]), ahead, (states[t + 1][both], covariances[t + 1][both]), wait
            )
        return states, covariances, unseen


def _between(people: Sequence[Poses | None], times: np.ndarray) -> list[Poses]:
    """Put somebody into each gap (None): box and scores between those before and behind, no keypoint seen."""
    there = [i for i, person in enumerate(people) if person is not None]
    filled = list(people)
    for before, behind in pairwise(there):
        for i in range(before + 1, behind):
            part = (times[i] - times[before]) / (times[behind] - times[before])
            a, b = people[before], people[behind]
            values = {
                name: (1 - part) * getattr(a, name) + part * getattr(b, name)
                for name in ('boxes', 'box_scores', 'scores', 'keypoint_scores')
            }
            filled[i] = Poses(
                np.full_like(a.keypoints, np.nan),
                values['keypoint_scores'] * _LOWERED,
                values['boxes'],
                values['box_scores'] * _LOWERED,
                scores=values['scores'] * _LOWERED,
                covariances=None if a.covariances is None else np.full_like(a.covariances, np.nan),
                probabilities=None if a.probabilities is None else np.full_like(a.probabilities, np.nan),
                track_ids=a.track_ids,
                filled=np.ones(1, bool),
                keypoint_set=a.keypoint_set,
            )
    return filled


def _joined(people: Poses, added: list[Poses]) -> Poses:
    """Put the people of gaps behind those who were seen; keypoints that are not known have a score of 0."""
    if not added:
        return people
    parts = []
    for person in added:
        lost = ~np.isfinite(person.keypoints).all(-1)
        keypoints = np.where(
            lost[..., None], (person.boxes[:, None, :2] + person.boxes[:, None, 2:]) / 2, person.keypoints
        )
        parts.append(replace(person, keypoints=keypoints, keypoint_scores=np.where(lost, 0, person.keypoint_scores)))
    if not len(people):
        return Poses.concatenate(parts)
    if people.covariances is None:
        people = replace(people, covariances=np.full((*people.keypoints.shape, 2), np.nan))
    if people.track_ids is None:
        people = replace(people, track_ids=np.full(len(people), -1))
    return Poses.concatenate([people, *parts])
