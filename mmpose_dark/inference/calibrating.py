"""Fitting a calibration, and measuring it on people that it was not fitted to."""

from collections.abc import Callable

import numpy as np

from ..evaluation.functional import calibration as fit
from ..structures.calibration import Calibration, CovarianceMap, ProbabilityMap
from ..utils.errors import InputError
from .observations import Observations

__all__ = ['LEAST_IMAGES', 'LEAST_KEYPOINTS', 'calibrate']

LEAST_IMAGES, LEAST_KEYPOINTS = 10, 200
"""Below these a held-out part is too small to tell anything: 40 keypoints a fold of five."""
_TOLD = (0.5, 0.9, 0.95)
_DRAWS = 200


def calibrate(
    seen: Observations, *, kind: str = 'oks', bound: float = 0.5, folds: int = 5, seed: int = 0
) -> Calibration:
    """Fit a calibration to labelled people and evaluate it on people that were not fitted.

    Images are dealt into ``folds`` parts. Each part is judged by a calibration of the others, whose form was chosen
    within those others; so choice and fit know nothing of what they are judged on. What is returned is fitted to all.

    Args:
        seen: of `observe`.
        kind: see `within_bound`.
        bound: see `within_bound`.
        folds: parts, at least 2.
        seed: of the dealing and of the bootstrap.

    Raises:
        InputError: too few images or labelled keypoints, or sigmas are needed and not known.
    """
    _check(seen, kind, folds)
    part = _deal(seen.images, folds, seed)
    probabilities = np.full(seen.scores.shape, np.nan)
    squared, radii, areas, chosen = np.full(seen.scores.shape, np.nan), [], np.full(seen.scores.shape, np.nan), []
    hits = _hits(seen, kind, bound)
    told = np.zeros((*seen.scores.shape, len(_TOLD)), bool)
    for number in range(folds):
        others, own = seen[part != number], part == number
        map_, covariance, choice = _fit(others, hits[part != number], folds=3, seed=seed + 1 + number)
        chosen.append([choice['form'], choice['with_height']])
        probabilities[own] = map_(seen.scores[own])
        if covariance is not None:
            sigma = covariance(seen.covariances[own].astype(float), seen.scores[own].astype(float))
            squared[own] = _squared(seen.errors[own], sigma)
            radii = covariance.radius_squared(np.array(_TOLD))
            told[own] = squared[own][..., None] <= radii
            areas[own] = fit.ellipse_areas(sigma, radii[0])
    map_, covariance, choice = _fit(seen, hits, folds=folds, seed=seed)
    evaluation = _evaluate(seen, hits, probabilities, squared, told, areas, seed=seed) | dict(
        folds=folds, chosen_by_fold=chosen
    )
    about = choice | dict(
        seed=seed, images=len(np.unique(seen.images)), people=len(seen), keypoints=int(seen.usable.sum())
    )
    return Calibration(map_, covariance, (kind, bound), evaluation=evaluation, about=about)


def _check(seen: Observations, kind: str, folds: int) -> None:
    images, keypoints = len(np.unique(seen.images)), int(seen.usable.sum())
    if images < max(LEAST_IMAGES, folds) or keypoints < LEAST_KEYPOINTS:
        raise InputError(
            f'{keypoints} labelled keypoints of {len(seen)} people in {images} images are too few to calibrate: at '
            f'least {LEAST_KEYPOINTS} keypoints in {max(LEAST_IMAGES, folds)} images are needed'
        )
    if kind == 'oks' and seen.sigmas is None:
        raise InputError('--within oks needs sigmas, and this keypoint set has none: use --within box 0.05')


def _hits(seen: Observations, kind: str, bound: float) -> np.ndarray:
    return fit.within_bound(
        seen.distances, kind=kind, bound=bound, areas=seen.areas, boxes_area=seen.box_areas, sigmas=seen.sigmas
    )


def _deal(images: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Return the part (N,) of each person; people of one image are in one part."""
    names, numbers = np.unique(images, return_inverse=True)
    dealt = np.empty(len(names), int)
    dealt[np.random.default_rng(seed).permutation(len(names))] = np.arange(len(names)) % folds
    return dealt[numbers]


def _fit_form(seen: Observations, hits: np.ndarray, form: str) -> ProbabilityMap:
    used = seen.usable
    numbers = np.broadcast_to(np.arange(used.shape[1]), used.shape)[used]
    return fit.fit_probability(
        seen.scores[used].astype(float), hits[used], numbers, num_keypoints=used.shape[1], form=form
    )


def _has_shape(seen: Observations) -> np.ndarray:
    return seen.usable & np.isfinite(seen.covariances).all((-1, -2))


def _fit_shape(seen: Observations, with_height: bool) -> CovarianceMap:
    used = _has_shape(seen)
    return fit.fit_covariance(
        seen.errors[used].astype(float), seen.covariances[used].astype(float), seen.scores[used].astype(float),
        with_height=with_height,
    )  # fmt: skip


def _knows_shapes(seen: Observations) -> bool:
    return seen.covariances is not None and int(_has_shape(seen).sum()) >= LEAST_KEYPOINTS // 2


def _fit(
    seen: Observations, hits: np.ndarray, *, folds: int, seed: int
) -> tuple[ProbabilityMap, CovarianceMap | None, dict[str, object]]:
    """Choose the form by what it loses on parts held out of ``seen``, then fit it to all."""
    losses = _held_out_losses(seen, hits, folds=folds, seed=seed)
    form = min(fit.FORMS, key=lambda name: losses['log_loss'][name])
    spread = losses['spread']
    power = bool(spread) and spread['with_height'] < spread['without']
    covariance = _fit_shape(seen, power) if _knows_shapes(seen) else None
    return _fit_form(seen, hits, form), covariance, dict(form=form, with_height=power, candidates=losses)


def _held_out_losses(seen: Observations, hits: np.ndarray, *, folds: int, seed: int) -> dict[str, dict]:
    """Return the log loss of each form, and with and without the height the spread that Sigma leaves unexplained."""
    part, used = _deal(seen.images, folds, seed), seen.usable
    losses = {form: [] for form in fit.FORMS}
    spreads: dict[str, list[float]] = dict(with_height=[], without=[])
    for number in range(folds):
        others, own = part != number, part == number
        if not others.any() or not used[own].any():
            continue
        for form in fit.FORMS:
            found = _fit_form(seen[others], hits[others], form)(seen.scores[own].astype(float))
            losses[form].append(fit.log_loss(found[used[own]], hits[own][used[own]]))
        if not _knows_shapes(seen[others]):
            continue
        kept = _has_shape(seen[own])
        for name in spreads:
            covariance = _fit_shape(seen[others], name == 'with_height')
            sigma = covariance(seen.covariances[own].astype(float), seen.scores[own].astype(float))[kept]
            squared = fit.mahalanobis_squared(seen.errors[own][kept].astype(float), sigma)
            # Of a t distribution of two degrees of freedom, as it is fitted.
            heavy = 2 * np.log1p(squared / 2) + np.log(fit.determinants(sigma)) / 2
            spreads[name].append(float(heavy.mean()))
    return dict(
        log_loss={form: float(np.mean(values)) for form, values in losses.items()},
        spread={key: float(np.mean(values)) for key, values in spreads.items() if values},
    )


def _squared(errors: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    flat = fit.mahalanobis_squared(errors.reshape(-1, 2).astype(float), covariances.reshape(-1, 2, 2))
    return flat.reshape(errors.shape[:-1])


def _evaluate(
    seen: Observations,
    hits: np.ndarray,
    probabilities: np.ndarray,
    squared: np.ndarray,
    told: np.ndarray,
    areas: np.ndarray,
    *,
    seed: int,
) -> dict[str, object]:
    """Measure before and after on the same people."""
    used = seen.usable
    right, before, after = hits[used], np.clip(seen.scores[used].astype(float), 0, 1), probabilities[used]
    measures = dict(ece=fit.expected_calibration_error, brier=fit.brier_score, log_loss=fit.log_loss)
    found: dict[str, object] = dict(images=len(np.unique(seen.images)), people=len(seen), keypoints=int(used.sum()))
    found['share_within'] = float(right.mean())
    for name, measure in measures.items():
        found[f'{name}_before'], found[f'{name}_after'] = measure(before, right), measure(after, right)
    draw = _image_draws(seen.images, seed)
    found['ece_after_interval'] = _interval(
        draw,
        lambda rows: fit.expected_calibration_error(probabilities[rows][used[rows]], hits[rows][used[rows]]),
        found['ece_after'],
    )
    found['sharpness_after'] = float(np.var(after))
    found['reliability_before'] = fit.reliability_curve(before, right)
    found['reliability_after'] = fit.reliability_curve(after, right)
    found['visibility'] = _visibility(seen, probabilities, draw)
    if not np.isfinite(squared).any():
        return found
    shaped = _has_shape(seen)
    raw = _squared(seen.errors[shaped], seen.covariances[shaped].astype(float))
    gauss = -2 * np.log(1 - np.array(_TOLD))
    names = [f'{level:g}' for level in _TOLD]
    found['coverage_before'] = dict(zip(names, fit.coverage(raw, gauss).tolist(), strict=True))
    found['coverage_after'] = dict(zip(names, told[shaped].mean(0).tolist(), strict=True))
    found['coverage_after_gaussian'] = dict(zip(names, fit.coverage(squared[shaped], gauss).tolist(), strict=True))
    found['coverage_after_interval'] = {
        name: _interval(
            draw, lambda rows, i=i: float(told[rows][shaped[rows]][:, i].mean()), found['coverage_after'][name]
        )
        for i, name in enumerate(names)
    }
    raw_areas = fit.ellipse_areas(seen.covariances[shaped].astype(float), gauss[0])
    found['median_area_of_50_before'] = float(np.median(raw_areas))
    found['median_area_of_50_after'] = float(np.median(areas[shaped]))
    found['without_shape'] = int((used & ~shaped).sum())
    return found


def _visibility(seen: Observations, probabilities: np.ndarray, draw: list[np.ndarray]) -> dict[str, object]:
    """Return how well the probabilities tell keypoints in sight from hidden ones, and labelled from unlabelled."""
    finite = np.isfinite(probabilities)
    questions = dict(labelled=(seen.visibility > 0, finite))
    if seen.has_hidden:
        questions['in_sight'] = (seen.visibility == 2, finite & (seen.visibility > 0))
    found = {}
    for name, (positive, asked) in questions.items():
        auc = fit.roc_auc(probabilities[asked], positive[asked])
        if not np.isfinite(auc):
            continue

        def of(rows: np.ndarray, positive: np.ndarray = positive, asked: np.ndarray = asked) -> float:
            return fit.roc_auc(probabilities[rows][asked[rows]], positive[rows][asked[rows]])

        rates = fit.roc_curve(probabilities[asked], positive[asked])
        grid = np.linspace(0, 1, 21)
        found[name] = dict(
            auc=auc, interval=_interval(draw, of, auc), positive=int(positive[asked].sum()), count=int(asked.sum()),
            roc=dict(false_positive=grid.tolist(), true_positive=np.interp(grid, *rates).tolist()),
        )  # fmt: skip
    return found


def _image_draws(images: np.ndarray, seed: int) -> list[np.ndarray]:
    """Return rows of people for each bootstrap draw of images."""
    order = np.argsort(images, kind='stable')
    groups = np.split(order, np.flatnonzero(np.diff(images[order])) + 1)
    random = np.random.default_rng(seed)
    return [np.concatenate([groups[i] for i in random.integers(0, len(groups), len(groups))]) for _ in range(_DRAWS)]


def _interval(draws: list[np.ndarray], measure: Callable[[np.ndarray], float], value: float) -> list[float]:
    """Return the 2.5 and 97.5 percentiles over bootstrap draws of images, moved so that their mean is the value.

    A calibration error is a mean of absolute differences, which drawing again makes larger: unmoved, the interval of a
    good calibration would not hold it.
    """
    values = np.array([measure(rows) for rows in draws])
    values = values[np.isfinite(values)]
    if not len(values):
        return []
    return [float(v) for v in np.clip(np.quantile(values, (0.025, 0.975)) - values.mean() + value, 0, 1)]
