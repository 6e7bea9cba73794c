"""Bootstrap intervals of metrics that are computed from rows."""

import numpy as np
import pytest
from scipy import stats

from mmpose_dark.evaluation.functional.resampling import resampled_intervals
from mmpose_dark.evaluation.metrics import EPE, PCKAccuracy
from mmpose_dark.structures import Poses
from mmpose_dark.utils.errors import InputError


def _interval(values, groups=None, **kwargs):
    groups = np.arange(len(values)) if groups is None else groups
    return resampled_intervals(groups, lambda rows: dict(mean=values[rows].mean()), **kwargs)['mean']


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution():
    values = np.random.default_rng(0).normal(3, 2, 400)
    low, high = _interval(values, resamples=4000, level=0.9)
    expected = stats.norm.interval(0.9, values.mean(), values.std() / 20)
    # 4,000 draws know a 5 % quantile to 0.01 standard errors of 0.1, and the 0.01 of skewness to that
    assert np.allclose((low, high), expected, atol=0.02)


def test_rows_of_a_group_are_drawn_together():
    values = np.random.default_rng(1).normal(0, 1, 50)
    alone = _interval(values)
    copied = _interval(np.repeat(values, 4), np.repeat(np.arange(50), 4))
    assert np.allclose(alone, copied)  # the same draws of groups; 200 rows would be half as wide if drawn alone


def test_a_seed_says_the_draws():
    values = np.arange(20.0)
    assert _interval(values, seed=3) == _interval(values, seed=3) != _interval(values, seed=4)


def test_what_is_never_finite_has_no_interval():
    assert np.isnan(_interval(np.full(4, np.nan))).all()


@pytest.mark.parametrize('kwargs', [dict(level=0), dict(level=1), dict(resamples=0)])
def test_impossible_numbers_are_refused(kwargs):
    with pytest.raises(InputError, match='must be above 0'):
        _interval(np.ones(3), **kwargs)


def test_nobody_is_refused():
    with pytest.raises(InputError, match='0 rows'):
        _interval(np.zeros(0))


def _samples(rng, count):
    for i in range(count):
        true = rng.uniform(0, 100, (1, 5, 2))
        sample = Poses(true + rng.normal(0, 4, true.shape), np.ones((1, 5)), [[0, 0, 100, 100]]).to_data_sample(
            dict(id=i, img_id=i // 2, img_path=f'{i}.jpg')
        )
        sample = sample.to_dict()
        sample['gt_instances'] = dict(
            keypoints=true, keypoints_visible=np.ones((1, 5)), bboxes=np.array([[0.0, 0, 100, 100]])
        )
        yield sample


@pytest.mark.parametrize(('metric', 'name'), [(PCKAccuracy(thr=0.05), 'PCK'), (EPE(), 'EPE')])
def test_metrics_of_distances_have_intervals_around_their_values(metric, name):
    metric.keeps_table = True
    samples = list(_samples(np.random.default_rng(2), 60))
    metric.process(None, samples)
    value = metric.evaluate(60)[name]
    low, high = metric.intervals(metric.kept, resamples=300, level=0.95, seed=0)[name]
    assert low < value < high


def test_columns_are_kept_only_where_they_are_asked_for():
    metric = EPE()
    metric.process(None, list(_samples(np.random.default_rng(3), 2)))
    metric.evaluate(2)
    assert metric.kept is None
