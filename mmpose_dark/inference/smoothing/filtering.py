"""A Kalman filter of points in the plane that move with nearly constant velocity, for many points at once.

The state of a point is (x, y, vx, vy). Its acceleration is white noise of the spectral density q, so that what a
filter with half as many frames a second expects is the same motion (Bar-Shalom et al., "Estimation with Applications to
Tracking and Navigation", 2001, section 6.2). All arrays have M points in front.
"""

import numpy as np

__all__ = ['PRIOR_SPEED', 'begin', 'predict', 'rts_step', 'update']

PRIOR_SPEED = 2.0
"""Standard deviation of the speed of a point of which nothing is known yet, in body sizes a second."""


def begin(points: np.ndarray, noise: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return states of points that are seen for the first time.

    Args:
        points: (M, 2) pixels.
        noise: (M, 2, 2) covariance of the measurements, square pixels.
        sizes: (M,) of the people, pixels.

    Returns:
        States (M, 4), pixels and pixels a second, and their covariances (M, 4, 4).
    """
    states, covariances = np.zeros((len(points), 4)), np.zeros((len(points), 4, 4))
    states[:, :2], covariances[:, :2, :2] = points, noise
    covariances[:, 2, 2] = covariances[:, 3, 3] = (PRIOR_SPEED * sizes) ** 2
    return states, covariances


def predict(
    states: np.ndarray, covariances: np.ndarray, passed: np.ndarray, density: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return states and covariances after some time.

    Args:
        states: (M, 4).
        covariances: (M, 4, 4).
        passed: (M,) seconds.
        density: (M,) of the acceleration, square pixels a second cubed.

    >>> states, _ = predict(np.array([[0.0, 0, 2, 4]]), np.eye(4)[None], np.array([0.5]), np.array([0.0]))
    >>> states.tolist()
    [[1.0, 2.0, 2.0, 4.0]]
    """
    moves = np.tile(np.eye(4), (len(states), 1, 1))
    moves[:, 0, 2] = moves[:, 1, 3] = passed
    noise = np.zeros_like(moves)
    for axis in (0, 1):
        noise[:, axis, axis] = density * passed**3 / 3
        noise[:, axis, axis + 2] = noise[:, axis + 2, axis] = density * passed**2 / 2
        noise[:, axis + 2, axis + 2] = density * passed
    return (moves @ states[..., None])[..., 0], moves @ covariances @ _turned(moves) + noise


def update(
    states: np.ndarray, covariances: np.ndarray, points: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return states and covariances after points were seen.

    Args:
        states: (M, 4) predicted.
        covariances: (M, 4, 4).
        points: (M, 2) pixels.
        noise: (M, 2, 2) covariance of the measurements, square pixels.

    Returns:
        States, covariances, and how far each point was from where it was expected: (M,) square of the Mahalanobis
        distance.
    """
    surprise = points - states[:, :2]
    spread = covariances[:, :2, :2] + noise
    inverse = np.linalg.inv(spread)
    gain = covariances[:, :, :2] @ inverse
    distance = np.einsum('mi,mij,mj->m', surprise, inverse, surprise)
    kept = np.eye(4) - np.concatenate([gain, np.zeros_like(gain)], 2)
    # Joseph's form: the covariance stays symmetric and positive whatever the rounding.
    found = kept @ covariances @ _turned(kept) + gain @ noise @ _turned(gain)
    return states + (gain @ surprise[..., None])[..., 0], found, distance


def rts_step(
    filtered: tuple[np.ndarray, np.ndarray],
    predicted: tuple[np.ndarray, np.ndarray],
    smoothed: tuple[np.ndarray, np.ndarray],
    passed: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Take one step back: what a state was, seen from what came after it (Rauch, Tung and Striebel, 1965).

    Args:
        filtered: states (M, 4) and covariances (M, 4, 4) at a time, from what came before.
        predicted: the same at the next time, before anything was seen there.
        smoothed: the same at the next time, from past and future.
        passed: (M,) seconds between the two.

    Returns:
        States and covariances at the first of the times, from past and future.
    """
    moves = np.tile(np.eye(4), (len(passed), 1, 1))
    moves[:, 0, 2] = moves[:, 1, 3] = passed
    gain = filtered[1] @ _turned(moves) @ np.linalg.inv(predicted[1])
    states = filtered[0] + (gain @ (smoothed[0] - predicted[0])[..., None])[..., 0]
    return states, filtered[1] + gain @ (smoothed[1] - predicted[1]) @ _turned(gain)


def _turned(matrices: np.ndarray) -> np.ndarray:
    """Transpose matrices (M, n, m)."""
    return np.swapaxes(matrices, -1, -2)
