"""How people move on: a Kalman filter a track, all tracks at once, in units of each person's size and in seconds.

A track is a body that moves as a whole, with a velocity that lasts about a second, and keypoints that move about it.
That is what lets it be found behind somebody: limbs swing to and fro and are not extrapolated.
"""

from dataclasses import dataclass, fields

import numpy as np

from .observed import Observed

__all__ = ['Motion', 'Tracks', 'begin_tracks', 'predict_tracks', 'predicted_boxes', 'update_tracks']


@dataclass(frozen=True)
class Motion:
    """How people are expected to move; sizes are the square root of a person's area, half a body height.

    Attributes:
        push: spectral density of the force, square sizes / second^3; 6 changes a walking speed in half a second.
        memory: seconds after which a velocity is forgotten.
        limb: how far keypoints move about the body, sizes.
        limb_time: seconds that they take for it.
        growth: how fast the logarithm of a size changes, 1 / square root of a second.
        box: standard deviation of the middle of a box, sizes.
    """

    push: float = 6.0
    memory: float = 1.0
    limb: float = 0.2
    limb_time: float = 0.4
    growth: float = 0.15
    box: float = 0.15


@dataclass(frozen=True)
class Tracks:
    """T tracks, one row each.

    Attributes:
        centre: (T, 2) place of the body, pixels.
        velocity: (T, 2) pixels a second.
        spread: (T, 2, 2) covariance of place and velocity along each axis, the same for x and y.
        shape: (T, K, 2) keypoints relative to the centre, pixels.
        shape_var: (T, K) variance of each coordinate, square pixels; infinite for keypoints that were never seen.
        box: (T, 4) left, top, right, bottom relative to the centre.
        log_size: (T,) of the size in pixels.
        size_var: (T,) its variance.
    """

    centre: np.ndarray
    velocity: np.ndarray
    spread: np.ndarray
    shape: np.ndarray
    shape_var: np.ndarray
    box: np.ndarray
    log_size: np.ndarray
    size_var: np.ndarray

    def __len__(self) -> int:
        return len(self.centre)

    @property
    def size(self) -> np.ndarray:
        """(T,) pixels."""
        return np.exp(self.log_size)

    def __getitem__(self, rows: np.ndarray) -> 'Tracks':
        return Tracks(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def joined(self, other: 'Tracks') -> 'Tracks':
        """Return these tracks and, behind them, the ``other`` ones."""
        names = [field.name for field in fields(self)]
        return Tracks(**{name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in names})


def begin_tracks(seen: Observed, motion: Motion) -> Tracks:
    """Return tracks of people who were seen for the first time: they may walk anywhere.

    >>> from .observed import observe_people
    >>> from ...structures.poses import Poses
    >>> one = observe_people(Poses([[[1, 2]]], [[0.9]], [[0, 0, 4, 4]]), np.array([0.1]), keypoint_thr=0.3)
    >>> tracks = begin_tracks(one, Motion())
    >>> tracks.centre.tolist(), tracks.shape.tolist(), tracks.velocity.tolist()
    ([[2.0, 2.0]], [[[-1.0, 0.0]]], [[0.0, 0.0]])
    """
    people, centre = len(seen), seen.centres
    spread = np.zeros((people, 2, 2))
    spread[:, 0, 0] = (0.05 * seen.sizes) ** 2
    spread[:, 1, 1] = motion.push * motion.memory / 2 * seen.sizes**2
    return Tracks(
        centre=centre,
        velocity=np.zeros((people, 2)),
        spread=spread,
        shape=np.where(seen.seen[..., None], seen.points - centre[:, None], 0.0),
        shape_var=np.where(seen.seen, seen.noise, np.inf),
        box=seen.boxes - np.tile(centre, 2),
        log_size=np.log(seen.sizes),
        size_var=np.full(people, 0.1**2),
    )


def predict_tracks(tracks: Tracks, seconds: float, motion: Motion) -> Tracks:
    """Return the tracks some time later, and less certain.

    Args:
        tracks: T of them.
        seconds: since they were predicted or updated.
        motion: how people move.

    The velocity is an Ornstein-Uhlenbeck process, whose integral is the place; the covariances are exact for it.
    """
    rate, dt = 1 / motion.memory, seconds
    keep = np.exp(-rate * dt)
    reach = (1 - keep) / rate
    step = np.array([[1, reach], [0, keep]])
    q = motion.push * tracks.size**2
    pushed = np.array(
        [
            [(dt - 2 * reach + (1 - keep**2) / (2 * rate)) / rate**2, reach**2 / 2],
            [reach**2 / 2, (1 - keep**2) / (2 * rate)],
        ]
    )
    limbs = (motion.limb * tracks.size[:, None]) ** 2
    fade = np.exp(-dt / motion.limb_time)
    wide = np.maximum(tracks.shape_var, limbs)
    return Tracks(
        centre=tracks.centre + reach * tracks.velocity,
        velocity=keep * tracks.velocity,
        spread=step @ tracks.spread @ step.T + q[:, None, None] * pushed,
        shape=tracks.shape,
        shape_var=np.where(np.isfinite(wide), wide + (np.minimum(tracks.shape_var, limbs) - limbs) * fade, np.inf),
        box=tracks.box,
        log_size=tracks.log_size,
        size_var=tracks.size_var + motion.growth**2 * dt,
    )


def update_tracks(tracks: Tracks, seen: Observed, motion: Motion) -> Tracks:
    """Return the tracks after each was seen again.

    The body moves by the mean of what its keypoints and the middle of its box moved by, each weighted with its
    variance; then the keypoints move about it.

    Args:
        tracks: T of them.
        seen: the T people, in the tracks' order.
        motion: how people move.
    """
    known = np.isfinite(tracks.shape_var) & seen.seen
    moved = seen.points - tracks.centre[:, None] - tracks.shape
    weight = np.where(known, 1 / (np.where(known, tracks.shape_var, 1.0) + seen.noise), 0.0)
    box_weight = 1 / (motion.box * tracks.size) ** 2
    box_moved = seen.centres - tracks.centre - (tracks.box[:, :2] + tracks.box[:, 2:]) / 2
    total = weight.sum(1) + box_weight
    mean = ((weight[..., None] * np.where(known[..., None], moved, 0.0)).sum(1) + box_weight[:, None] * box_moved) / (
        total[:, None]
    )
    noise = 1 / total + (0.02 * tracks.size) ** 2
    gain = tracks.spread[:, :, 0] / (tracks.spread[:, 0, 0] + noise)[:, None]
    centre = tracks.centre + gain[:, :1] * mean
    spread = tracks.spread - gain[:, :, None] * tracks.spread[:, None, 0, :]

    place = np.where(known, tracks.shape_var, np.inf)
    share = np.where(np.isinf(place), 1.0, 1 / (1 + seen.noise / np.where(np.isinf(place), 1.0, place)))
    share = np.where(seen.seen, share, 0.0)
    new = np.where(seen.seen & np.isinf(place), seen.noise, tracks.shape_var)
    fresh = seen.points - centre[:, None]
    shape_gain = 1 / (1 + tracks.size_var / 0.1**2)
    size_move = (1 - shape_gain) * (np.log(seen.sizes) - tracks.log_size)
    return Tracks(
        centre=centre,
        velocity=tracks.velocity + gain[:, 1:] * mean,
        spread=(spread + np.swapaxes(spread, 1, 2)) / 2,
        shape=tracks.shape + share[..., None] * np.where(seen.seen[..., None], fresh - tracks.shape, 0.0),
        shape_var=np.where(known, (1 - share) * np.where(known, tracks.shape_var, 0.0), new),
        box=tracks.box + 0.5 * (seen.boxes - np.tile(centre, 2) - tracks.box),
        log_size=tracks.log_size + size_move,
        size_var=tracks.size_var * shape_gain,
    )


def predicted_boxes(tracks: Tracks) -> np.ndarray:
    """Return where the boxes are expected: (T, 4) left, top, right, bottom, pixels."""
    return np.tile(tracks.centre, 2) + tracks.box
