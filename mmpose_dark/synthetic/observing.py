"""What a detector and a pose network would find in a frame whose truth is known: noise of known covariance."""

import functools

import numpy as np

from ..evaluation.functional.oks import COCO_SIGMAS
from ..keypoint_sets.definitions import parse_pose_metainfo
from ..structures.poses import Poses
from ..utils.errors import InputError
from .video import FrameTruth

__all__ = ['observe']

_OWN_STREAM = 97  # apart from the streams that draw the video
_LEAST_IN_SIGHT = 0.2


def observe(
    truth: FrameTruth,
    *,
    seed: int = 0,
    noise: float = 0.5,
    miss: float = 0.03,
    false_people: float = 0.05,
    hidden_noise: float = 3.0,
) -> Poses:
    """Imitate what is found in a frame; it depends on the seed and the frame's number alone.

    A keypoint in sight is shaken by a Gaussian whose deviation is COCO's for annotators times ``noise`` (its
    principal axes differ by a factor of up to two), a hidden one ``hidden_noise`` times as much, one outside the image
    is guessed at the image's edge. ``covariances`` are exactly those of the shaking, NaN for the guessed ones.
    Who is hidden is found less often: nobody with less than a fifth of the keypoints in sight, from half on with
    probability 1 - ``miss``.

    Args:
        truth: of the frame, N people.
        seed: another one gives other noise.
        noise: standard deviation of keypoints in sight, 1 is what annotators of COCO differ by.
        miss: probability that somebody in sight is not found, 0 to 1.
        false_people: how many people are found a frame, on average, where nobody is.
        hidden_noise: factor on the deviation of hidden keypoints.

    Returns:
        Those found, in a random order, with COCO's definition. ``track_ids`` are the true numbers, -1 for false
        people, as an answer to compare with: a tracker gives its own.

    Raises:
        InputError: a probability outside 0..1 or a negative number.

    >>> from .video import truth_of_video
    >>> from .video_settings import VideoSettings
    >>> truth = next(truth_of_video(VideoSettings(people=2, plot='stay')))
    >>> found = observe(truth, miss=0, false_people=0)
    >>> sorted(found.track_ids.tolist()) == truth.ids.tolist(), found.covariances.shape
    (True, (2, 17, 2, 2))
    """
    if not (0 <= miss <= 1 and min(noise, false_people, hidden_noise) >= 0):
        raise InputError(
            f'observe: miss={miss} must be within 0..1, and noise={noise}, false_people={false_people}, '
            f'hidden_noise={hidden_noise} must not be negative'
        )
    rng = np.random.default_rng((seed, _OWN_STREAM, truth.index))
    share = truth.share_in_sight
    chance = (1 - miss) * np.clip((share - _LEAST_IN_SIGHT) / 0.3, 0, 1)
    seen = np.flatnonzero(rng.random(len(truth)) < chance)
    true = _shaken(truth, seen, rng, noise=noise, hidden_noise=hidden_noise)
    false = _false_people(truth, int(rng.poisson(false_people)), rng)
    found = true if not len(false) else Poses.concatenate([true, false]) if len(true) else false
    return found[rng.permutation(len(found))]


@functools.cache
def _coco() -> dict[str, object]:
    return parse_pose_metainfo(dict(from_file='coco'))


def _shaken(
    truth: FrameTruth, rows: np.ndarray, rng: np.random.Generator, *, noise: float, hidden_noise: float
) -> Poses:
    visible = truth.visible[rows]
    deviation = noise * np.array(COCO_SIGMAS) * np.sqrt(truth.areas[rows])[:, None]
    deviation = deviation * np.where(visible == 2, 1.0, hidden_noise)
    stretch = np.exp(rng.uniform(-0.35, 0.35, visible.shape))
    angle = rng.uniform(0, np.pi, visible.shape)
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], -1).reshape(*visible.shape, 2, 2)
    root = turn * np.stack([deviation * stretch, deviation / stretch], -1)[..., None, :]
    keypoints = truth.keypoints[rows] + (root @ rng.standard_normal((*visible.shape, 2, 1)))[..., 0]
    covariances = root @ np.swapaxes(root, -1, -2)
    outside = visible == 0
    guessed = np.clip(keypoints, 0, np.array(truth.size) - 1.0)
    guessed += 3 * deviation[..., None] * rng.standard_normal(guessed.shape)
    keypoints = np.where(outside[..., None], guessed, keypoints)
    covariances[outside] = np.nan
    means = np.array([0.08, 0.4, 0.85])[visible]
    scores = np.clip(means + rng.normal(0, 0.08, visible.shape), 0.01, 0.99)
    return Poses(
        keypoints,
        scores,
        _shaken_boxes(truth, truth.boxes[rows], rng),
        box_scores=np.clip(0.35 + 0.6 * truth.share_in_sight[rows] + rng.normal(0, 0.06, len(rows)), 0.05, 0.99),
        covariances=covariances,
        track_ids=truth.ids[rows],
        keypoint_set=_coco(),
    )


def _shaken_boxes(truth: FrameTruth, boxes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(N, 4) each edge moved by some 3 % of the size, inside the image, at least two pixels wide and high."""
    sizes = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    moved = boxes + 0.03 * sizes * rng.standard_normal(boxes.shape)
    low = np.clip(moved[:, :2], -0.5, np.array(truth.size) - 2.5)
    return np.concatenate([low, np.clip(moved[:, 2:], low + 2, np.array(truth.size) - 0.5)], 1)


def _false_people(truth: FrameTruth, count: int, rng: np.random.Generator) -> Poses:
    """People where nobody is: keypoints anywhere in a box anywhere, with low scores."""
    size = np.array(truth.size, float)
    extent = size * rng.uniform((0.08, 0.2), (0.25, 0.6), (count, 2))
    corner = (size - extent) * rng.random((count, 2)) - 0.5
    keypoints = corner[:, None] + extent[:, None] * rng.random((count, 17, 2))
    return Poses(
        keypoints,
        rng.beta(3, 7, (count, 17)),
        np.concatenate([corner, corner + extent], 1),
        box_scores=rng.beta(3, 5, count),
        covariances=np.full((count, 17, 2, 2), np.nan),
        track_ids=np.full(count, -1),
        keypoint_set=_coco(),
    )
