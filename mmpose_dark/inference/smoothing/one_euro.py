"""The 1-euro filter: slow keypoints are smoothed much, fast ones little."""

from dataclasses import replace

import numpy as np

from ...structures.poses import Poses
from .memory import RememberingSmoother
from .noise import check_positive, person_sizes

__all__ = ['OneEuroSmoother', 'low_pass_share']


def low_pass_share(cutoff: np.ndarray | float, passed: np.ndarray | float) -> np.ndarray:
    """Return how much of a new value a low-pass filter takes.

    Args:
        cutoff: hertz, of any shape such as (N, K).
        passed: seconds since the last value, of a shape that fits.

    >>> round(float(low_pass_share(1.0, 1 / (2 * np.pi))), 3)
    0.5
    """
    return 1 / (1 + 1 / (2 * np.pi * np.asarray(cutoff) * np.asarray(passed)))


class OneEuroSmoother(RememberingSmoother):
    """Low-pass filter whose cutoff rises with the speed (Casiez, Roussel and Vogel, CHI 2012).

    Speeds are in sizes of the person a second (the square root of the box's area), and times in seconds, so that
    settings hold for people near and far and for any frame rate.

    Args:
        min_cutoff: hertz, of a keypoint at rest: lower is smoother and later.
        beta: by how many hertz the cutoff rises for each size a second.
        d_cutoff: hertz, of the speed.
        keypoint_thr: keypoints with lower scores stay where they were, and are not learned from.
        max_gap: seconds after which a person, or a keypoint, begins anew.

    Raises:
        InputError: a setting that is no number above 0.
    """

    def __init__(
        self,
        *,
        min_cutoff: float = 1.5,
        beta: float = 6.0,
        d_cutoff: float = 1.0,
        keypoint_thr: float = 0.2,
        max_gap: float = 0.5,
    ) -> None:
        check_positive(type(self).__name__, min_cutoff=min_cutoff, beta=beta, d_cutoff=d_cutoff, max_gap=max_gap)
        self.min_cutoff, self.beta, self.d_cutoff = min_cutoff, beta, d_cutoff
        self.keypoint_thr = keypoint_thr
        super().__init__(dict(point=(2,), speed=(2,), last=()), max_gap=max_gap, fill=dict(last=-np.inf))

    def smoothed(
        self, poses: Poses, who: np.ndarray, kept: dict[str, np.ndarray], *, time: float, passed: np.ndarray
    ) -> tuple[Poses, dict[str, np.ndarray]]:
        """Smooth the people ``who`` (P,) of one frame; ``kept`` are their points (P, K, 2), speeds and last times."""
        point, speed, last = (kept[name] for name in ('point', 'speed', 'last'))
        measured = poses.keypoints[who].astype(np.float64)
        seen = (poses.keypoint_scores[who] >= self.keypoint_thr) & np.isfinite(measured).all(-1)
        since = time - last
        known = since <= self.max_gap
        begins, goes_on = seen & ~known, seen & known
        size, step = person_sizes(poses)[who][:, None, None], np.where(goes_on, since, 1.0)[..., None]
        velocity = np.where(goes_on[..., None], (measured - point) / step, 0.0)
        speed = np.where(goes_on[..., None], speed + low_pass_share(self.d_cutoff, step) * (velocity - speed), speed)
        cutoff = self.min_cutoff + self.beta * np.linalg.norm(speed, axis=-1, keepdims=True) / size
        moved = point + low_pass_share(cutoff, step) * (np.where(seen[..., None], measured, 0.0) - point)
        point = np.where(goes_on[..., None], moved, np.where(begins[..., None], measured, point))
        speed = np.where(begins[..., None], 0.0, speed)
        keypoints = poses.keypoints.copy()
        keypoints[who] = np.where((seen | known)[..., None], point, measured)
        return replace(poses, keypoints=keypoints), dict(point=point, speed=speed, last=np.where(seen, time, last))
