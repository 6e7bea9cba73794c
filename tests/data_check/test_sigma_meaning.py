"""The doctor's word on sigmas: silent on COCO's, and a warning at each end."""

import numpy as np
import pytest

from mmpose_dark.data_check.people import People
from mmpose_dark.data_check.sigmas import check_sigmas
from mmpose_dark.evaluation.functional.oks import COCO_SIGMAS


def people(size=100.0, count=30):
    keypoints = np.full((count, 17, 3), 2.0)
    boxes = np.tile([0.0, 0.0, size, size], (count, 1))
    ids = list(range(count))
    return People(
        'a.json', {}, ids, ids, [1] * count, boxes, keypoints, np.full(count, size**2), np.zeros(count, bool),
        np.full(count, 17), np.full((count, 2), 500.0),
    )  # fmt: skip


@pytest.mark.parametrize(
    ('sigmas', 'size', 'severity', 'said'),
    [
        (np.array(COCO_SIGMAS), 100.0, None, ''),
        (np.array(COCO_SIGMAS) / 40, 100.0, 'warning', 'rounded'),
        (np.array(COCO_SIGMAS), 6.0, 'warning', 'rounded'),
        (np.array(COCO_SIGMAS) * 4, 100.0, 'warning', 'tenth'),
        (np.full(17, 0.05), 100.0, 'note', 'all sigmas are 0.05'),
        (np.array([0.0, *COCO_SIGMAS[1:]]), 100.0, 'error', '1 keypoints are 0 or less'),
        (None, 100.0, None, ''),
    ],
)
def test_sigmas_are_judged_at_the_median_person(sigmas, size, severity, said):
    found = check_sigmas(people(size), sigmas)
    assert [f.severity for f in found] == ([severity] if severity else [])
    assert all(f.check == 'sigmas-meaning' and said in f.message for f in found)


def test_few_people_or_none_are_no_ground_for_a_judgement():
    assert not check_sigmas(people(6.0, count=3), np.array(COCO_SIGMAS))
    assert not check_sigmas(people(count=0), np.array(COCO_SIGMAS))


def test_rounding_costs_what_is_said():
    """The similarity of rounded labels, drawn at random, is that of the constant within a hundredth."""
    random = np.random.default_rng(0)
    points = random.uniform(0, 99, (4000, 2))
    squared = ((points - points.round()) ** 2).sum(1)
    sigma, area = 0.026, 15.0**2
    drawn = np.exp(-squared / (2 * area * (2 * sigma) ** 2)).mean()
    from mmpose_dark.data_check.sigmas import _ROUNDING, _similarity

    assert abs(drawn - _similarity(_ROUNDING, area, np.array([sigma]))[0]) < 0.01
