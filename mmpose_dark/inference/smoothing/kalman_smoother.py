"""A Kalman filter of each keypoint, which knows how sure the network was of it."""

from dataclasses import replace

import numpy as np

from ...structures.poses import Poses
from .filtering import begin, predict, update
from .memory import RememberingSmoother
from .noise import NoiseModel, check_positive, person_sizes

__all__ = ['KalmanSmoother', 'deviations', 'put_states', 'robust_update']

_UNKNOWN = 0.12
"""Standard deviation, in sizes of the person, from which on a keypoint that is not seen is no longer predicted."""


def robust_update(
    states: np.ndarray, covariances: np.ndarray, points: np.ndarray, noise: np.ndarray, *, gate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return states after points were seen, of which some may be far off.

    A point that is further from where it was expected than ``gate`` standard deviations is believed less, so that it
    pulls no more than one at the gate would, and a keypoint that really went elsewhere is followed after some frames.

    Args:
        states: (M, 4) predicted.
        covariances: (M, 4, 4).
        points: (M, 2) pixels.
        noise: (M, 2, 2) square pixels.
        gate: standard deviations.
    """
    _, _, distance = update(states, covariances, points, noise)
    excess = np.maximum(distance / gate**2, 1.0)
    spread = covariances[:, :2, :2]
    wider = noise * excess[:, None, None] + spread * (excess - 1)[:, None, None]
    return update(states, covariances, points, wider)[:2]


class KalmanSmoother(RememberingSmoother):
    """Nearly constant velocity, each keypoint weighted by its covariance (by its score where it has none).

    Args:
        acceleration: how freely keypoints change their velocity: the root of the density of the acceleration's noise,
            in sizes of the person (the square root of the box's area) per second to the power 1.5. Larger follows
            faster and smooths less.
        gate: standard deviations from which on a keypoint is believed less.
        max_gap: seconds after which a person begins anew.
        keypoint_thr: see `NoiseModel`, as the others.
        covariance_scale: of the peaks' shapes.
        share: of the person's size, where no shape is known.
        floor: of the person's size, beside the shape.

    Raises:
        InputError: a setting that is no number above 0.
    """

    def __init__(
        self,
        *,
        acceleration: float = 2.0,
        gate: float = 4.0,
        max_gap: float = 0.5,
        keypoint_thr: float = 0.2,
        covariance_scale: float = 0.04,
        share: float = 0.015,
        floor: float = 0.004,
    ) -> None:
        check_positive(type(self).__name__, acceleration=acceleration, gate=gate, max_gap=max_gap)
        self.acceleration, self.gate = acceleration, gate
        self.noise = NoiseModel(keypoint_thr=keypoint_thr, covariance_scale=covariance_scale, share=share, floor=floor)
        super().__init__(dict(state=(4,), covariance=(4, 4), unseen=()), max_gap=max_gap, fill=dict(unseen=np.inf))

    def smoothed(
        self, poses: Poses, who: np.ndarray, kept: dict[str, np.ndarray], *, time: float, passed: np.ndarray
    ) -> tuple[Poses, dict[str, np.ndarray]]:
        """Smooth the people ``who`` (P,) of one frame; ``kept`` are their states (P, K, 4), see ``step``."""
        names = 'state', 'covariance', 'unseen'
        waited = np.broadcast_to(passed[:, None], kept['unseen'].shape)
        found = self.step(poses[who], *(kept[name] for name in names), passed=waited)
        return put_states(poses, who, *found), dict(zip(names, found, strict=True))

    def step(
        self,
        poses: Poses,
        states: np.ndarray,
        covariances: np.ndarray,
        unseen: np.ndarray,
        *,
        passed: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Take one step of the filter for N people.

        Args:
            poses: what was seen of them.
            states: (N, K, 4) of the frame before.
            covariances: (N, K, 4, 4).
            unseen: (N, K) for how many seconds each keypoint was not seen; infinite where it has no state.
            passed: (N, K) seconds since then.

        Returns:
            The same three after this frame.
        """
        sizes = np.broadcast_to(person_sizes(poses)[:, None], unseen.shape)
        states, covariances, unseen = states.copy(), covariances.copy(), unseen + passed
        known = unseen <= self.max_gap
        states[known], covariances[known] = predict(
            states[known], covariances[known], passed[known], (self.acceleration * sizes[known]) ** 2
        )
        seen, noise = self.noise.seen(poses), self.noise.covariances(poses)
        points = poses.keypoints.astype(np.float64)
        new, again = seen & ~known, seen & known
        states[new], covariances[new] = begin(points[new], noise[new], sizes[new])
        states[again], covariances[again] = robust_update(
            states[again], covariances[again], points[again], noise[again], gate=self.gate
        )
        return states, covariances, np.where(seen, 0.0, np.where(known, unseen, np.inf))


def deviations(covariances: np.ndarray) -> np.ndarray:
    """Return the standard deviation of places, pixels (...), of covariances of states (..., 4, 4)."""
    return np.sqrt(covariances[..., 0, 0] + covariances[..., 1, 1])


def put_states(poses: Poses, who: np.ndarray, states: np.ndarray, covariances: np.ndarray, unseen: np.ndarray) -> Poses:
    """Return people with the places that are known of them.

    Args:
        poses: N people.
        who: (P,) whom the states are of.
        states: (P, K, 4).
        covariances: (P, K, 4, 4).
        unseen: (P, K) seconds; a keypoint that is not seen is put only where its place is known well enough.
    """
    sizes = person_sizes(poses[who])[:, None]
    known = (unseen == 0) | (np.isfinite(unseen) & (deviations(covariances) < _UNKNOWN * sizes))
    keypoints = poses.keypoints.copy()
    keypoints[who] = np.where(known[..., None], states[..., :2], keypoints[who])
    found = np.full((*keypoints.shape, 2), np.nan) if poses.covariances is None else poses.covariances.copy()
    found[who] = np.where(known[..., None, None], covariances[..., :2, :2], found[who])
    return replace(poses, keypoints=keypoints, covariances=found)
