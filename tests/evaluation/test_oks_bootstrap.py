"""AP of weighted images against the evaluator on copied images; intervals, tests and shares of differences."""

import copy

import numpy as np
import pytest
from scipy import stats

from mmpose_dark.evaluation.functional.ap_shares import image_shares, joint_shares
from mmpose_dark.evaluation.functional.bootstrap import ap_difference, oks_intervals, oks_tables
from mmpose_dark.evaluation.functional.oks_eval import evaluate_oks, oks_problem
from mmpose_dark.evaluation.functional.oks_matching import match_people
from mmpose_dark.evaluation.functional.weighted_ap import weighted_ap
from mmpose_dark.utils.errors import InputError

SIGMAS = np.full(17, 0.1)
# Sums of the same numbers in another order; seen: 2e-16.
ROUNDING = 1e-12


def _matches(data, results):
    return match_people(oks_problem(data, results, sigmas=SIGMAS))


def _copied(data, results, weights):
    """Each image so often as its weight says, in the order of the ids."""
    ids = sorted(image['id'] for image in data['images'])
    images, annotations, found = [], [], []
    for number, (image_id, weight) in enumerate(zip(ids, weights, strict=True)):
        for copied in range(weight):
            new = 1000 * number + copied + 1
            images += [dict(image, id=new) for image in data['images'] if image['id'] == image_id]
            for ann in data['annotations']:
                if ann['image_id'] == image_id:
                    annotations.append(dict(ann, id=len(annotations) + 1, image_id=new))
            found += [dict(result, image_id=new) for result in results if result['image_id'] == image_id]
    return dict(data, images=images, annotations=annotations), found


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('categories', [1, 2])
def test_every_image_once_is_the_evaluator(people, seed, categories):
    data, results = people(seed, categories=categories)
    matches = _matches(data, results)
    found = weighted_ap(oks_tables(matches), np.ones(len(data['images'])))
    assert found == pytest.approx(evaluate_oks(data, results, sigmas=SIGMAS), abs=ROUNDING)


@pytest.mark.parametrize('seed', range(4))
def test_whole_weights_are_copies_of_images(people, seed):
    data, results = people(seed)
    for number, result in enumerate(results):  # copies of two with the same score would stand in turn
        result['score'] += 1e-6 * number
    weights = np.random.default_rng(seed).integers(0, 4, len(data['images']))
    found = weighted_ap(oks_tables(_matches(data, results)), weights)
    expected = evaluate_oks(*_copied(data, results, weights), sigmas=SIGMAS)
    assert found == pytest.approx(expected, abs=ROUNDING)


def test_nobody_found_and_nobody_there(people):
    data, _ = people(0)
    ones = np.ones(len(data['images']))
    assert weighted_ap(oks_tables(_matches(data, [])), ones) == evaluate_oks(data, [], sigmas=SIGMAS)
    assert set(weighted_ap(oks_tables(_matches(data, [])), 0 * ones).values()) == {-1.0}


def test_intervals_lie_around_the_values(people):
    data, results = people(1, num_images=40)
    matches, values = _matches(data, results), evaluate_oks(data, results, sigmas=SIGMAS)
    told = []
    found = oks_intervals(matches, resamples=200, progress=lambda done, total: told.append((done, total)))
    assert set(found) == set(values)
    assert all(low <= high for low, high in found.values())
    assert found['AR'][0] < values['AR'] < found['AR'][1]
    assert told == [(i, 200) for i in range(1, 201)]
    assert found == oks_intervals(matches, resamples=200)
    assert found != oks_intervals(matches, resamples=200, seed=1)


def test_impossible_numbers_are_refused(people):
    matches = _matches(*people(0))
    for wrong in (dict(resamples=0), dict(level=1.0), dict(level=0.0)):
        with pytest.raises(InputError, match='must be above 0'):
            oks_intervals(matches, **wrong)


def _moved(results, rng, scale, joints=slice(None)):
    """The same results with keypoints moved by so many pixels."""
    moved = copy.deepcopy(results)
    for result in moved:
        xy = np.array(result['keypoints']).reshape(-1, 3)
        xy[joints, :2] += rng.normal(0, scale, xy[joints, :2].shape)
        result['keypoints'] = xy.flatten().tolist()
    return moved


def test_a_run_does_not_differ_from_itself(people):
    matches = _matches(*people(2))
    found = ap_difference(matches, matches, resamples=20)
    assert found == (0, 0, 0, 1)
    assert not image_shares(matches, matches).any()
    assert not joint_shares(matches, matches).any()


def test_a_worse_run_is_seen_and_chance_is_not(people):
    data, results = people(3, num_images=60)
    rng = np.random.default_rng(0)
    matches = _matches(data, results)
    worse = ap_difference(matches, _matches(data, _moved(results, rng, 15.0)), resamples=300)
    assert worse.high < 0
    assert worse.p < 0.02
    back = ap_difference(_matches(data, _moved(results, np.random.default_rng(0), 15.0)), matches, resamples=300)
    assert back.value == pytest.approx(-worse.value, abs=ROUNDING)
    alike = [_matches(data, _moved(results, rng, 3.0)) for _ in range(2)]
    assert ap_difference(*alike, resamples=300).p > 0.01


def test_the_scale_of_scores_does_not_matter(people):
    data, results = people(6, num_images=40)
    other = _moved(results, np.random.default_rng(0), 4.0)
    scaled = [dict(result, score=0.3 * result['score'] - 1) for result in other]
    matches = _matches(data, results)
    found = [ap_difference(matches, _matches(data, run), resamples=100) for run in (other, scaled)]
    assert found[0].p < 0.05
    assert found[0] == found[1]


def test_image_shares_add_up(people):
    data, results = people(4, num_images=40)
    changed = [copy.deepcopy(r) for r in results]
    touched = data['annotations'][0]['image_id']
    for result in changed:
        if result['image_id'] == touched:
            result['keypoints'] = (
                (np.array(result['keypoints']).reshape(-1, 3) + np.array([500, 500, 0])).flatten().tolist()
            )
    matches, other = _matches(data, results), _matches(data, changed)
    whole = ap_difference(matches, other, resamples=1).value
    shares = image_shares(matches, other)
    place = sorted(image['id'] for image in data['images']).index(touched)
    assert abs(shares).argmax() == place
    assert shares.sum() == pytest.approx(whole, abs=ROUNDING)
    assert not np.delete(shares, place).any()


def test_images_that_got_worse_carry_the_loss():
    rng = np.random.default_rng(7)
    data, results = _world(rng, 60)
    worse = [_moved([r], rng, 12.0)[0] if i % 3 == 0 else r for i, r in enumerate(results)]
    matches, other = _matches(data, results), _matches(data, worse)
    shares = image_shares(matches, other)
    assert shares.sum() == pytest.approx(ap_difference(matches, other, resamples=1).value, abs=ROUNDING)
    assert shares[::3].sum() < 0.8 * shares.sum() < 0


def test_joints_add_up_to_all_of_them_moved(people):
    data, results = people(5, num_images=40)
    moved = _moved(results, np.random.default_rng(0), 4.0)
    matches, other = _matches(data, results), _matches(data, moved)
    shares = joint_shares(matches, other)
    assert (shares < 0).sum() > 12
    # nobody is lost by so little, and the scores are the same: nothing is left over
    assert shares.sum() == pytest.approx(ap_difference(matches, other, resamples=1).value, abs=0.01)


def test_the_joint_that_moved_carries_the_difference(people):
    data, results = people(5, num_images=40)
    for result in results:
        result['keypoints'][2::3] = [1.0] * 17
    moved = _moved(results, np.random.default_rng(0), 60.0, joints=[9])
    matches, other = _matches(data, results), _matches(data, moved)
    shares = joint_shares(matches, other)
    assert not np.delete(shares, 9).any()
    assert shares[9] < -0.005


def test_other_people_cannot_be_compared(people):
    with pytest.raises(InputError, match='other labelled people'):
        ap_difference(_matches(*people(0)), _matches(*people(1)), resamples=1)


def _image(rng, number, noise):
    """One person, found with noise in units of the sigmas, of a score that knows a little of it."""
    truth = rng.uniform(100, 200, (17, 2))
    error = rng.normal(0, 1, (17, 2)) * noise * 20
    person = dict(id=number, image_id=number, category_id=1, bbox=[90, 90, 120, 120], area=10000.0, iscrowd=0)
    person['keypoints'] = np.c_[truth, np.full(17, 2)].flatten().tolist()
    found = dict(image_id=number, category_id=1, score=float(rng.uniform() - noise))
    found['keypoints'] = np.c_[truth + error, np.ones(17)].flatten().tolist()
    return person, found


def _world(rng, count):
    pairs = [_image(rng, number, rng.gamma(2, 0.5)) for number in range(1, count + 1)]
    people, found = map(list, zip(*pairs, strict=True))
    data = dict(images=[dict(id=i) for i in range(1, count + 1)], annotations=people, categories=[dict(id=1)])
    return data, found


@pytest.mark.slow
def test_intervals_cover_the_truth():
    rng = np.random.default_rng(0)
    truth = evaluate_oks(*_world(rng, 20_000), sigmas=SIGMAS)
    tries, inside = 200, dict.fromkeys(('AP', 'AP .5', 'AR'), 0)
    for _ in range(tries):
        ends = oks_intervals(_matches(*_world(rng, 150)), resamples=300, level=0.9)
        for name in inside:
            inside[name] += ends[name][0] <= truth[name] <= ends[name][1]
    # 200 tries of 0.9 lie above 0.835 with probability 0.998; the percentile bootstrap is known to be a little narrow.
    assert min(inside.values()) / tries > 0.83, inside
    assert max(inside.values()) / tries < 0.97, inside


@pytest.mark.slow
def test_chance_is_called_by_its_probability():
    rng = np.random.default_rng(1)
    found = []
    for _ in range(200):
        data, results = _world(rng, 60)
        pair = [_matches(data, _moved(results, rng, 8.0)) for _ in range(2)]
        found.append(ap_difference(*pair, resamples=200).p)
    # uniform between 0 and 1 if nothing differs
    assert stats.kstest(found, 'uniform').pvalue > 1e-3
    assert np.mean(np.array(found) < 0.1) < 0.2
