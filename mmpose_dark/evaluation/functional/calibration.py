"""Fitting what scores and covariances mean, and measuring how well it holds; functions of arrays.

Isotonic regression: pool adjacent violators (Ayer et al., Ann. Math. Statist. 26, 1955). Logistic map with smoothed
targets: Platt, "Probabilistic outputs for support vector machines", 1999; with log h and log(1 - h) as features: beta
calibration (Kull et al., AISTATS 2017, equation 7). Expected calibration error: Guo et al., ICML 2017, equation 3.
"""

from collections.abc import Sequence

import numpy as np

from ...structures.calibration import CovarianceMap, ProbabilityMap
from ...utils.errors import InputError

__all__ = [
    'FORMS',
    'LEVELS',
    'brier_score',
    'coverage',
    'determinants',
    'ellipse_areas',
    'expected_calibration_error',
    'fit_covariance',
    'fit_probability',
    'isotonic',
    'log_loss',
    'mahalanobis_squared',
    'reliability_curve',
    'roc_auc',
    'roc_curve',
    'within_bound',
]

FORMS = ('isotonic', 'platt', 'beta', 'beta+joints')
LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99)
_KNOTS = 65
_LOW, _HIGH = 1e-3, 0.999  # heights beyond count as these
_POOL = 20  # values at the least that one step of the isotonic map stands on
_JOINT_SPREAD = 0.5  # standard deviation, in logits, that is expected of the offsets of joints: the ridge's strength
_NU = 2.0  # degrees of freedom of the t distribution that errors are fitted with


def within_bound(
    distances: np.ndarray, *, kind: str, bound: float, areas: np.ndarray, boxes_area: np.ndarray, sigmas: np.ndarray
) -> np.ndarray:
    """Tell which keypoints lie within the bound.

    Args:
        distances: (N, K) pixels from the truth.
        kind: ``'oks'``: ``exp(-d^2 / (2 area (2 sigma)^2)) >= bound``, COCO's similarity of one keypoint; ``'box'``:
            ``d <= bound * sqrt(area of the box)``.
        bound: in (0, 1).
        areas: (N,) of the people, square pixels.
        boxes_area: (N,) of the boxes, square pixels.
        sigmas: (K,) of the keypoints.

    Raises:
        InputError: another kind.

    >>> within_bound(
    ...     np.array([[5.0], [20.0]]), kind='box', bound=0.1, areas=None, boxes_area=np.full(2, 1e4), sigmas=None
    ... ).ravel()
    array([ True, False])
    """
    if kind == 'box':
        return distances <= bound * np.sqrt(boxes_area)[:, None]
    if kind != 'oks':
        raise InputError(f'a bound of the kind {kind!r} is not known: oks or box')
    return distances**2 <= -2 * np.log(bound) * areas[:, None] * (2 * np.asarray(sigmas)) ** 2


def isotonic(values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the non-decreasing sequence that is nearest by weighted squares (pool adjacent violators).

    Args:
        values: (M,).
        weights: (M,) above 0; ones by default.

    >>> isotonic(np.array([1.0, 3.0, 2.0, 4.0])).tolist()
    [1.0, 2.5, 2.5, 4.0]
    """
    weights = np.ones(len(values)) if weights is None else weights
    means, sums, counts = [], [], []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        means.append(value)
        sums.append(weight)
        counts.append(1)
        while len(means) > 1 and means[-2] >= means[-1]:
            total = sums[-2] + sums[-1]
            means[-2:] = [(means[-2] * sums[-2] + means[-1] * sums[-1]) / total]
            sums[-2:] = [total]
            counts[-2:] = [counts[-2] + counts[-1]]
    return np.repeat(means, counts)


def fit_probability(
    scores: np.ndarray, hits: np.ndarray, keypoints: np.ndarray, *, num_keypoints: int, form: str
) -> ProbabilityMap:
    """Fit the monotone map from heights to probabilities.

    ``'isotonic'`` is the non-parametric one, smoothed by pools of 20 and Laplace's rule; ``'platt'`` is a logistic
    function of the height; ``'beta'`` of ``log h`` and ``-log(1 - h)`` with coefficients that are not negative;
    ``'+joints'`` adds an offset for each joint, held near 0 by a ridge.

    Args:
        scores: (M,) heights of labelled keypoints.
        hits: (M,) bool, whether each lies within the bound.
        keypoints: (M,) numbers of the keypoints, 0..K-1.
        num_keypoints: K.
        form: one of `FORMS`.

    Raises:
        InputError: no value, or one that is not finite.

    >>> heights = np.linspace(0, 1, 400)
    >>> fitted = fit_probability(heights, heights > 0.5, np.zeros(400, int), num_keypoints=1, form='beta')
    >>> bool(fitted(np.array([0.2]))[0] < 0.1), bool(fitted(np.array([0.8]))[0] > 0.9)
    (True, True)
    """
    if form not in FORMS:
        raise InputError(f'form {form!r} is not one of {", ".join(FORMS)}')
    if not len(scores) or not np.isfinite(scores).all():
        raise InputError('to calibrate, there must be scores, and all must be finite')
    offsets = np.zeros(num_keypoints)
    if form == 'isotonic':
        heights, logits = _isotonic_knots(scores, hits)
    else:
        weights, offsets = _logistic(_features(scores, form), hits, keypoints, offsets, joints=form.endswith('joints'))
        heights = np.linspace(0, 1, _KNOTS)
        logits = np.maximum.accumulate(_features(heights, form) @ weights[1:] + weights[0])
    return ProbabilityMap(tuple(heights), tuple(logits), tuple(offsets))


def _features(scores: np.ndarray, form: str) -> np.ndarray:
    inside = np.clip(scores, _LOW, _HIGH)
    if form == 'platt':
        return inside[:, None]
    return np.stack([np.log(inside), -np.log1p(-inside)], 1)


def _isotonic_knots(scores: np.ndarray, hits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(scores, kind='stable')
    pools = np.array_split(order, max(1, min(_KNOTS - 1, len(order) // _POOL)))
    heights = np.array([scores[pool].mean() for pool in pools])
    counts = np.array([len(pool) for pool in pools], float)
    shares = (np.array([hits[pool].sum() for pool in pools]) + hits.mean()) / (counts + 1)
    shares = np.clip(isotonic(shares, counts), 0.5 / (len(scores) + 1), 1 - 0.5 / (len(scores) + 1))
    heights, first = np.unique(heights, return_index=True)
    logits = np.log(shares / (1 - shares))[first]
    if len(heights) == 1:
        return np.array([heights[0], heights[0] + 1]), np.repeat(logits, 2)
    return heights, logits


def _logistic(
    features: np.ndarray, hits: np.ndarray, keypoints: np.ndarray, offsets: np.ndarray, *, joints: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return intercept and coefficients (1 + F,), not negative, and the offsets (K,)."""
    from scipy.optimize import minimize

    good, bad = int(hits.sum()), int((~hits).sum())
    targets = np.where(hits, (good + 1) / (good + 2), 1 / (bad + 2))
    count, free = features.shape[1] + 1, len(offsets) if joints else 0

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        logits = values[0] + features @ values[1:count]
        if free:
            logits = logits + values[count:][keypoints]
        errors = 1 / (1 + np.exp(-logits)) - targets
        slope = np.concatenate([[errors.sum()], errors @ features])
        value = (np.logaddexp(0, logits) - targets * logits).sum()
        if free:
            pull = values[count:] / _JOINT_SPREAD**2
            slope = np.concatenate([slope, np.bincount(keypoints, errors, free) + pull])
            value += (values[count:] * pull).sum() / 2
        return value, slope

    start = np.concatenate([[0.0], np.ones(count - 1), np.zeros(free)])
    bounds = [(None, None)] + [(0, None)] * (count - 1) + [(None, None)] * free
    found = minimize(loss, start, jac=True, bounds=bounds, method='L-BFGS-B').x
    return found[:count], found[count:] if free else offsets


def determinants(covariances: np.ndarray) -> np.ndarray:
    """Return the determinants (...) of matrices (..., 2, 2); NaN without a warning where one is not finite.

    >>> determinants(2 * np.eye(2)[None]).tolist()
    [4.0]
    """
    a, b, c, d = np.moveaxis(covariances.reshape(*covariances.shape[:-2], 4), -1, 0)
    return a * d - b * c


def mahalanobis_squared(errors: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    """Return ``e^T C^-1 e`` (M,) of errors (M, 2) and covariances (M, 2, 2).

    >>> mahalanobis_squared(np.array([[2.0, 0.0]]), np.array([[[4.0, 0.0], [0.0, 1.0]]])).tolist()
    [1.0]
    """
    a, b, d = covariances[:, 0, 0], covariances[:, 0, 1], covariances[:, 1, 1]
    x, y = errors.T
    return (d * x * x - 2 * b * x * y + a * y * y) / determinants(covariances)


def fit_covariance(
    errors: np.ndarray, covariances: np.ndarray, scores: np.ndarray, *, with_height: bool = True
) -> CovarianceMap:
    """Fit scale, floor and power of :class:`CovarianceMap`, and the radii of its ellipses.

    The three maximise the likelihood of a bivariate t distribution of two degrees of freedom, whose tails take misses
    and mixed-up sides as they are: a Gaussian would be widened by a few of them. Scale and floor are then multiplied
    so that the Gaussian 50 % ellipse, of squared radius 2 log 2, holds half of the errors; the radii of the other
    levels are the quantiles of the distances themselves.

    Args:
        errors: (M, 2) found minus true, pixels of the network's input.
        covariances: (M, 2, 2) shapes of the peaks, square pixels of the input.
        scores: (M,) heights.
        with_height: fit the power of the height too; otherwise it is 0.

    Raises:
        InputError: fewer than 20 errors, or one that is not finite.

    >>> random = np.random.default_rng(0)
    >>> shapes = np.eye(2) * random.uniform(1, 5, 4000)[:, None, None]
    >>> errors = random.normal(size=(4000, 2)) * np.sqrt(3 * shapes[:, 0, :1] + 2)
    >>> fitted = fit_covariance(errors, shapes, np.ones(4000), with_height=False)
    >>> bool(abs(fitted.scale - 3) < 0.5), bool(abs(fitted.floor - 2) < 1)
    (True, True)
    """
    from scipy.optimize import minimize

    if len(errors) < _POOL or not (np.isfinite(errors).all() and np.isfinite(covariances).all()):
        raise InputError(f'to calibrate covariances, at least {_POOL} finite errors are needed, got {len(errors)}')
    unit = float(np.median(np.trace(covariances, axis1=1, axis2=2))) / 2
    size = float(np.median((errors**2).sum(1))) / (2 * np.log(2)) + 1e-9

    def map_of(values: np.ndarray, radii: Sequence[float] = (1.0, 2.0), levels: Sequence[float] = (0.5, 0.9)):
        scale, floor = np.exp(np.clip(values[:2], -30, 30)) * (size / unit, size)
        power = float(np.clip(values[2], 0, 4)) if with_height else 0.0
        return CovarianceMap(float(scale), float(floor), power, tuple(levels), tuple(radii))

    def loss(values: np.ndarray) -> float:
        sigma = map_of(values)(covariances, scores)
        squared = mahalanobis_squared(errors, sigma)
        heavy = (_NU + 2) / 2 * np.log1p(squared / _NU) + np.log(determinants(sigma)) / 2
        return float(heavy.mean() + 1e-3 * (np.asarray(values)[:2] ** 2).sum() / len(errors))

    starts, ends = ([-1.0, -1.0, 0.5], [-4.0, 0.0, 2.0]), dict(maxiter=600, xatol=1e-3, fatol=1e-5)
    found = min((minimize(loss, s, method='Nelder-Mead', options=ends) for s in starts), key=lambda one: one.fun)
    fitted = map_of(found.x)
    squared = mahalanobis_squared(errors, fitted(covariances, scores))
    factor = float(np.quantile(squared, 0.5)) / (2 * np.log(2)) + 1e-12
    radii = np.quantile(squared / factor, LEVELS)
    radii = np.maximum.accumulate(radii + np.arange(len(radii)) * 1e-9) + 1e-9
    return CovarianceMap(fitted.scale * factor, fitted.floor * factor, fitted.power, LEVELS, tuple(radii))


def coverage(squared: np.ndarray, radii_squared: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the share of errors inside each ellipse.

    Args:
        squared: (M,) of `mahalanobis_squared`.
        radii_squared: (L,).

    >>> coverage(np.array([1.0, 2.0, 3.0, 4.0]), [2.5, 10]).tolist()
    [0.5, 1.0]
    """
    return (np.asarray(squared)[:, None] <= np.asarray(radii_squared)).mean(0)


def ellipse_areas(covariances: np.ndarray, radius_squared: float) -> np.ndarray:
    """Return the areas (M,) of ellipses ``e^T C^-1 e <= radius_squared``.

    >>> ellipse_areas(np.eye(2)[None], 4.0).round(3).tolist()
    [12.566]
    """
    return np.pi * radius_squared * np.sqrt(determinants(covariances))


def reliability_curve(probabilities: np.ndarray, hits: np.ndarray, *, bins: int = 10) -> dict[str, list]:
    """Return mean probability, share of hits and count in bins of equal width on [0, 1]; empty bins are left out.

    >>> reliability_curve(np.array([0.05, 0.95, 0.97]), np.array([False, True, True]))['count']
    [1, 2]
    """
    numbers = np.minimum((np.clip(probabilities, 0, 1) * bins).astype(int), bins - 1)
    counts = np.bincount(numbers, minlength=bins)
    used = counts > 0
    means = np.bincount(numbers, np.clip(probabilities, 0, 1), bins)[used] / counts[used]
    shares = np.bincount(numbers, hits, bins)[used] / counts[used]
    return dict(probability=means.tolist(), share=shares.tolist(), count=counts[used].tolist())


def expected_calibration_error(probabilities: np.ndarray, hits: np.ndarray, *, bins: int = 10) -> float:
    """Return the mean difference between probability and share of hits, over bins weighted by their counts.

    >>> expected_calibration_error(np.array([0.7, 0.7]), np.array([True, False]))
    0.2
    """
    curve = reliability_curve(probabilities, hits, bins=bins)
    gaps = np.abs(np.subtract(curve['probability'], curve['share']))
    return round(float((gaps * curve['count']).sum() / max(sum(curve['count']), 1)), 12)


def brier_score(probabilities: np.ndarray, hits: np.ndarray) -> float:
    """Return the mean squared difference of probability and outcome.

    >>> brier_score(np.array([0.5, 1.0]), np.array([True, True]))
    0.125
    """
    return float(np.mean((np.clip(probabilities, 0, 1) - hits) ** 2))


def log_loss(probabilities: np.ndarray, hits: np.ndarray) -> float:
    """Return the mean negative log-likelihood of the outcomes, in nats; probabilities are kept 1e-6 from 0 and 1.

    >>> round(log_loss(np.array([0.5]), np.array([True])), 4)
    0.6931
    """
    p = np.clip(probabilities, 1e-6, 1 - 1e-6)
    return float(-np.mean(np.where(hits, np.log(p), np.log1p(-p))))


def roc_curve(scores: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return false and true positive rates (M,) as the threshold falls, from (0, 0) to (1, 1).

    >>> [part.tolist() for part in roc_curve(np.array([3.0, 2.0, 1.0]), np.array([True, False, True]))]
    [[0.0, 0.0, 1.0, 1.0], [0.0, 0.5, 0.5, 1.0]]
    """
    order = np.argsort(-scores, kind='stable')
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    hits = np.cumsum(positive[order])[ends]
    misses = np.cumsum(~positive[order])[ends]
    return np.append(0, misses / max(misses[-1], 1)), np.append(0, hits / max(hits[-1], 1))


def roc_auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Return the area under the ROC; NaN where one of the two kinds is missing.

    >>> roc_auc(np.array([3.0, 2.0, 1.0]), np.array([True, True, False]))
    1.0
    """
    if positive.all() or not positive.any():
        return float('nan')
    false, true = roc_curve(scores, positive)
    return float((np.diff(false) * (true[1:] + true[:-1]) / 2).sum())
