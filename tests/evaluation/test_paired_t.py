"""The paired test against SciPy's, and where SciPy says nothing."""

import numpy as np
import pytest
from scipy import stats

from mmpose_dark.evaluation.functional.paired import paired_t
from mmpose_dark.utils.errors import InputError


@pytest.mark.parametrize('count', [2, 3, 10])
def test_it_is_scipys(count):
    rng = np.random.default_rng(count)
    first, second = rng.normal(0.4, 0.01, (2, count))
    found, expected = paired_t(first, second, level=0.9), stats.ttest_rel(second, first)
    interval = expected.confidence_interval(0.9)
    assert np.allclose(found[:4], (np.mean(second - first), interval.low, interval.high, expected.pvalue))
    assert found.pairs == count


def test_one_pair_has_a_difference_and_no_spread():
    found = paired_t([0.25], [0.5])
    assert found.mean == 0.25
    assert np.isnan(found[1:4]).all()


def test_pairs_without_spread():
    assert paired_t([0.5, 0.5], [0.5, 0.5]) == (0.0, 0.0, 0.0, 1.0, 2)
    assert paired_t([0.25, 0.5], [0.5, 0.75]) == (0.25, 0.25, 0.25, 0.0, 2)


@pytest.mark.parametrize(('first', 'second'), [([], []), ([1.0], [1.0, 2.0]), ([[1.0]], [[1.0]])])
def test_what_is_no_pair_is_refused(first, second):
    with pytest.raises(InputError, match='are no pairs'):
        paired_t(first, second)
