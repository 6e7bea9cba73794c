"""Fits of probabilities and covariances, against values known by construction and plain loops."""

import numpy as np
import pytest

from mmpose_dark.evaluation.functional import calibration as fit
from mmpose_dark.structures.calibration import CovarianceMap, ProbabilityMap
from mmpose_dark.utils.errors import InputError


def simulated(count=6000, seed=0, joints=3):
    random = np.random.default_rng(seed)
    scores = random.beta(4, 2, count)
    keypoints = random.integers(0, joints, count)
    truth = 1 / (1 + np.exp(-(6 * scores - 2 + 0.8 * (keypoints - 1))))
    return scores, random.random(count) < truth, keypoints, truth


def loop_isotonic(values, weights):
    """Least squares by the min-max formula: max over i <= k of min over j >= k of the mean of i..j."""
    mean = lambda i, j: np.average(values[i : j + 1], weights=weights[i : j + 1])  # noqa: E731
    size = range(len(values))
    return np.array([max(min(mean(i, j) for j in size if j >= k) for i in size if i <= k) for k in size])


def test_isotonic_is_the_min_max_formula():
    random = np.random.default_rng(1)
    for _ in range(20):
        values, weights = random.normal(size=9), random.uniform(0.5, 3, 9)
        np.testing.assert_allclose(fit.isotonic(values, weights), loop_isotonic(values, weights), atol=1e-12)


@pytest.mark.parametrize('form', fit.FORMS)
def test_each_form_is_monotone_and_near_the_truth_on_others(form):
    scores, hits, keypoints, _ = simulated()
    fitted = fit.fit_probability(scores, hits, keypoints, num_keypoints=3, form=form)
    rising = fitted(np.linspace(0, 1, 200)[:, None].repeat(3, 1))
    assert (np.diff(rising, axis=0) >= -1e-12).all()
    assert (rising > 0).all()
    assert (rising < 1).all()
    scores, hits, keypoints, truth = simulated(seed=7)
    found = fitted(scores[:, None].repeat(3, 1))[np.arange(len(scores)), keypoints]
    assert fit.expected_calibration_error(found, hits) < 0.03
    assert abs(found - truth).mean() < (0.02 if form == 'beta+joints' else 0.12)  # measured: .012, and up to .085


@pytest.mark.parametrize('hits', [np.ones(60, bool), np.zeros(60, bool)])
@pytest.mark.parametrize('form', fit.FORMS)
def test_one_outcome_alone_gives_probabilities_short_of_certain(form, hits):
    found = fit.fit_probability(np.linspace(0, 1, 60), hits, np.zeros(60, int), num_keypoints=1, form=form)
    p = found(np.array([[0.1], [0.9]]))
    assert (p > 0).all()
    assert (p < 1).all()
    assert (abs(p - hits[0]) < 0.2).all()


def test_no_scores_or_scores_that_are_not_finite_are_refused():
    for scores in (np.zeros(0), np.array([0.5, np.nan])):
        with pytest.raises(InputError, match='finite'):
            fit.fit_probability(scores, scores > 0, np.zeros(len(scores), int), num_keypoints=1, form='beta')


def heavy_errors(count=8000, seed=0, gross=0.06):
    random = np.random.default_rng(seed)
    heights = random.uniform(0.4, 1, count)
    angles = random.uniform(0, np.pi, count)
    turn = np.stack([np.cos(angles), -np.sin(angles), np.sin(angles), np.cos(angles)], -1).reshape(-1, 2, 2)
    shapes = turn @ (np.eye(2) * random.uniform(2, 20, (count, 1, 2))) @ turn.transpose(0, 2, 1)
    sigma = 0.05 * shapes + 0.1 * np.eye(2)
    errors = (np.linalg.cholesky(sigma) @ random.normal(size=(count, 2, 1)))[..., 0]
    wrong = random.random(count) < gross
    errors[wrong] += random.normal(size=(int(wrong.sum()), 2)) * 40
    return errors, shapes, heights


@pytest.mark.parametrize('gross', [0.0, 0.06])
def test_scale_and_floor_are_found_through_gross_errors(gross):
    fitted = fit.fit_covariance(*heavy_errors(gross=gross), with_height=False)
    assert fitted.scale == pytest.approx(0.05, rel=0.2)
    assert fitted.floor == pytest.approx(0.1, rel=0.4)


def test_ellipses_cover_errors_that_were_not_fitted():
    fitted = fit.fit_covariance(*heavy_errors())
    errors, shapes, heights = heavy_errors(seed=5)
    squared = fit.mahalanobis_squared(errors, fitted(shapes, heights))
    inside = fit.coverage(squared, fitted.radius_squared(np.array([0.5, 0.9, 0.95])))
    np.testing.assert_allclose(inside, [0.5, 0.9, 0.95], atol=0.02)
    assert fit.coverage(squared, [-2 * np.log(0.05)])[0] < 0.93  # what a Gaussian's radius would hold
    plain = [e @ np.linalg.inv(c) @ e for e, c in zip(errors[:50], fitted(shapes, heights)[:50], strict=True)]
    np.testing.assert_allclose(squared[:50], plain, rtol=1e-9)


def test_auc_is_the_share_of_pairs_in_order():
    random = np.random.default_rng(3)
    scores, positive = random.integers(0, 9, 60).astype(float), random.random(60) < 0.4
    a, b = scores[positive][:, None], scores[~positive][None]
    assert fit.roc_auc(scores, positive) == pytest.approx(((a > b) + (a == b) / 2).mean(), abs=1e-12)
    assert np.isnan(fit.roc_auc(scores, np.ones(60, bool)))


def test_within_is_the_similarity_of_one_keypoint():
    from mmpose_dark.evaluation.functional.oks import paired_oks

    random = np.random.default_rng(0)
    sigmas, areas, offs = np.array([0.05, 0.1]), random.uniform(100, 9000, 50), random.normal(size=(50, 2, 2)) * 8
    alike = np.stack([paired_oks(offs[:, [k]], 0 * offs[:, [k]], areas=areas, sigmas=sigmas[[k]]) for k in range(2)], 1)
    found = fit.within_bound(
        np.linalg.norm(offs, axis=-1), kind='oks', bound=0.5, areas=areas, boxes_area=areas, sigmas=sigmas
    )
    assert (found == (alike >= 0.5)).all()
    assert 0 < found.mean() < 1
    with pytest.raises(InputError, match='oks or box'):
        fit.within_bound(offs[..., 0], kind='px', bound=0.5, areas=areas, boxes_area=areas, sigmas=sigmas)


def test_maps_agree_in_numpy_and_torch():
    torch = pytest.importorskip('torch')
    scores, hits, keypoints, _ = simulated(600)
    probability = fit.fit_probability(scores, hits, keypoints, num_keypoints=3, form='beta+joints')
    heights = np.random.default_rng(0).uniform(-0.2, 1.3, (40, 3)).astype(np.float32)
    heights[0, 0] = np.nan
    np.testing.assert_allclose(
        probability(torch.from_numpy(heights)).numpy(), probability(heights), atol=1e-5, equal_nan=True
    )
    assert np.isnan(probability(heights)[0, 0])
    covariance = CovarianceMap(0.1, 0.2, 1.5, (0.5, 0.9), (1.4, 8.0))
    shapes = np.random.default_rng(1).uniform(1, 9, (40, 3, 2, 2)).astype(np.float32)
    np.testing.assert_allclose(
        covariance(torch.from_numpy(shapes), torch.from_numpy(heights)).numpy(), covariance(shapes, heights), rtol=1e-4
    )


@pytest.mark.parametrize(
    'values', [((0, 0), (0, 1)), ((0, 1), (1, 0)), ((0, 1), (0,)), ((0, np.nan), (0, 1)), ((0, 'a'), (0, 1)), ((), ())]
)
def test_maps_out_of_order_are_refused(values):
    with pytest.raises(InputError):
        ProbabilityMap(*values, (0.0,))
    with pytest.raises(InputError):
        CovarianceMap(1.0, 0.0, 0.0, *values)
