"""What scores and covariances mean: a calibration that was fitted on labelled people, and how it is applied."""

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from ..utils.errors import InputError

__all__ = ['Calibration', 'CovarianceMap', 'ProbabilityMap', 'calibrated']

Array = TypeVar('Array')  # of NumPy or torch: both have the operators used here
_LEAST_HEIGHT = 0.1  # lower ones count as this


@dataclass(frozen=True)
class ProbabilityMap:
    """From a heatmap's height to the probability that the keypoint lies within the bound.

    ``p = 1 / (1 + exp(-(g(height) + offset_k)))``: ``g`` is linear between knots, constant outside, and never falls.

    Args:
        heights: M heights, rising.
        logits: M values of g, never falling.
        offsets: K numbers, one a keypoint.

    Raises:
        InputError: numbers that are not finite, not in order or of another number.

    >>> probabilities = ProbabilityMap((0.0, 1.0), (-2.0, 2.0), (0.0,))
    >>> probabilities(np.array([[0.0], [0.5], [9.0]])).round(3).tolist()
    [[0.119], [0.5], [0.881]]
    """

    heights: tuple[float, ...]
    logits: tuple[float, ...]
    offsets: tuple[float, ...]

    def __post_init__(self) -> None:
        for name in ('heights', 'logits', 'offsets'):
            _put_numbers(self, name, least=2 if name != 'offsets' else 1)
        if len(self.heights) != len(self.logits):
            raise InputError(f'a calibration has {len(self.heights)} heights and {len(self.logits)} logits')
        if (np.diff(self.heights) <= 0).any() or (np.diff(self.logits) < 0).any():
            raise InputError('a calibration must have rising heights, and logits that never fall')

    def __call__(self, scores: Array) -> Array:
        """Return the probabilities (..., K) of scores (..., K); NaN stays NaN."""
        starts, widths = _like(self.heights[:-1], scores), _like(np.diff(self.heights), scores)
        rises, offsets = _like(np.diff(self.logits), scores), _like(self.offsets, scores)
        passed = ((scores[..., None] - starts) / widths).clip(0, 1)
        logits = (passed * rises).sum(-1) + self.logits[0] + offsets
        return logits.sigmoid() if hasattr(logits, 'sigmoid') else 1 / (1 + np.exp(-logits))


@dataclass(frozen=True)
class CovarianceMap:
    """From the shape of a peak to the covariance of the error.

    ``Sigma = (scale * C + floor * I) / max(height, 0.1)^power``, in square pixels of the network's input, so that the
    floor grows with the person in the image. Errors have heavier tails than a Gaussian, so the ellipse that holds a
    share of them is ``e^T Sigma^-1 e <= radii_squared`` with measured radii in place of ``-2 log(1 - level)``.

    Args:
        scale: of the inverse Hessian.
        floor: square pixels of the input.
        power: of the height.
        levels: shares in (0, 1), rising.
        radii_squared: squares of Mahalanobis radii, rising.

    Raises:
        InputError: numbers that are not finite, not positive or not in order.

    >>> CovarianceMap(2.0, 1.0, 0.0, (0.5, 0.9), (1.4, 6.0))(np.eye(2)[None], np.ones(1))[0].tolist()
    [[3.0, 0.0], [0.0, 3.0]]
    """

    scale: float
    floor: float
    power: float
    levels: tuple[float, ...]
    radii_squared: tuple[float, ...]

    def __post_init__(self) -> None:
        for name in ('levels', 'radii_squared'):
            _put_numbers(self, name, least=2)
        for name in ('scale', 'floor', 'power'):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not np.isfinite(value) or value < 0:
                raise InputError(f'{name} of a calibrated covariance must be a number that is not negative: {value!r}')
        if self.scale + self.floor <= 0:
            raise InputError('scale and floor of a calibrated covariance are both 0')
        if len(self.levels) != len(self.radii_squared):
            raise InputError(f'a calibration has {len(self.levels)} levels and {len(self.radii_squared)} radii')
        rising = all((np.diff(values) > 0).all() for values in (self.levels, self.radii_squared))
        if not rising or self.levels[0] <= 0 or self.levels[-1] >= 1 or self.radii_squared[0] <= 0:
            raise InputError('levels of a calibration must rise within 0 and 1, and their radii rise from above 0')

    def __call__(self, covariances: Array, scores: Array) -> Array:
        """Return the covariances of errors (..., 2, 2) of peaks' shapes (..., 2, 2) and scores (...)."""
        identity = _like(np.eye(2), covariances)
        factor = scores.clip(_LEAST_HEIGHT) ** -self.power if self.power else scores * 0 + 1
        return (covariances * self.scale + identity * self.floor) * factor[..., None, None]

    def radius_squared(self, level: float | np.ndarray) -> np.ndarray:
        """Return the squared Mahalanobis radius of the ellipse that holds a share of the errors.

        >>> float(CovarianceMap(1.0, 0.0, 0.0, (0.5, 0.9), (1.4, 6.0)).radius_squared(0.9))
        6.0
        """
        return np.interp(level, self.levels, self.radii_squared)


@dataclass(frozen=True)
class Calibration:
    """What was fitted for one network.

    Args:
        probability: of heights.
        covariance: of the peaks' shapes; None where the codec knows none.
        within: what the probability is of: ``('oks', 0.5)`` or ``('box', 0.05)``.
        network: what it belongs to: ``checkpoint_sha256``, ``keypoint_names``, ``input_size``, ``flip_test`` ...
        evaluation: what was measured on people that were not fitted.
        about: command, seed, data, candidates.
        source: file it was read from.
    """

    probability: ProbabilityMap
    covariance: CovarianceMap | None
    within: tuple[str, float]
    network: dict[str, object] = field(default_factory=dict)
    evaluation: dict[str, object] = field(default_factory=dict)
    about: dict[str, object] = field(default_factory=dict)
    source: str = ''

    @property
    def num_keypoints(self) -> int:
        """K."""
        return len(self.probability.offsets)


def calibrated(scores: Array, covariances: Array | None, calibration: Calibration) -> tuple[Array, Array | None]:
    """Return probabilities, and the covariances of errors in place of the shapes of peaks.

    The same formula for NumPy and torch, so that inference, exported graphs and the fit agree.

    Args:
        scores: (..., K) heights.
        covariances: (..., K, 2, 2) in square pixels of the network's input; None: not known.
        calibration: of this network.

    Returns:
        (..., K) probabilities, and (..., K, 2, 2) covariances; None where the codec knows no shape, or where too few
        were seen to calibrate them: what is returned beside probabilities is always calibrated.

    Raises:
        InputError: it is of another number of keypoints.
    """
    count = scores.shape[-1]
    if count != calibration.num_keypoints:
        raise InputError(
            f'{calibration.source or "the calibration"} is of {calibration.num_keypoints} keypoints, the network gives '
            f'{count}: calibrate this network, or use --calibration none'
        )
    known = covariances is not None and calibration.covariance is not None
    return calibration.probability(scores), calibration.covariance(covariances, scores) if known else None


def _put_numbers(owner: object, name: str, *, least: int) -> None:
    """Keep a field as a tuple of finite numbers."""
    values = getattr(owner, name)
    if not isinstance(values, list | tuple | np.ndarray) or len(values) < least:
        raise InputError(f'{name} of a calibration must be a list of at least {least} numbers')
    if not all(isinstance(v, int | float | np.number) and not isinstance(v, bool) for v in values):
        raise InputError(f'{name} of a calibration must be numbers')
    if not np.isfinite(np.asarray(values, np.float64)).all():
        raise InputError(f'{name} of a calibration must be finite')
    object.__setattr__(owner, name, tuple(float(v) for v in values))


def _like(values: np.typing.ArrayLike, other: Array) -> Array:
    """Return numbers as an array of the other's kind, type and device."""
    if isinstance(other, np.ndarray):
        return np.asarray(values, other.dtype)
    return other.new_tensor(np.asarray(values, np.float64).tolist())
