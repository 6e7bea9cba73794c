"""Kinds of error against the definitions as plain loops, and where the kind is known by hand."""

import numpy as np
import pytest

from mmpose_dark.evaluation.functional import keypoint_error_kinds
from mmpose_dark.evaluation.functional import keypoint_errors as module
from mmpose_dark.utils.errors import InputError

PAIRS = [(1, 2), (3, 4)]
SIGMAS = np.array([0.05, 0.1, 0.1, 0.08, 0.08])
PARTNER = [0, 2, 1, 4, 3]


def _similarity(p, q, area, sigma):
    return np.exp(-((p - q) ** 2).sum() / (2 * area * (2 * sigma) ** 2))


def _plain(found, truth, visible, area, images, low=0.5, high=0.85):
    kinds = np.full(visible.shape, '', 'U9')
    for n, k in np.argwhere(visible > 0):
        p = found[n, k]
        if not np.isfinite(p).all():
            kinds[n, k] = 'miss'
            continue
        own = _similarity(p, truth[n, k], area[n], SIGMAS[k])
        inverted, swapped = 0.0, 0.0
        if PARTNER[k] != k and visible[n, PARTNER[k]] > 0:
            inverted = _similarity(p, truth[n, PARTNER[k]], area[n], SIGMAS[k])
        for other in range(len(found)):
            for name in {k, PARTNER[k]}:
                if other != n and images[other] == images[n] and visible[other, name] > 0:
                    swapped = max(swapped, _similarity(p, truth[other, name], area[other], SIGMAS[k]))
        if own >= high:
            kinds[n, k] = 'good'
        elif own >= low:
            kinds[n, k] = 'jitter'
        elif max(inverted, swapped) >= low:
            kinds[n, k] = 'inversion' if inverted >= swapped else 'swap'
        else:
            kinds[n, k] = 'miss'
    return kinds


def _people(seed, count=60):
    """Small people close together, keypoints of some of them found at those of others."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0, 60, (count, 5, 2))
    images = rng.integers(0, 8, count)
    visible = rng.integers(0, 3, (count, 5))
    area = rng.uniform(200, 900, count)
    found = truth + rng.normal(0, rng.uniform(0.5, 8, (count, 1, 1)), truth.shape)
    away = rng.random((count, 5)) < 0.4
    found[away] = truth[rng.permutation(count)][:, rng.permutation(5)][away]
    inverted = rng.random((count, 5)) < 0.1
    found[inverted] = truth[:, PARTNER][inverted] + rng.normal(0, 2, (inverted.sum(), 2))
    found[rng.random((count, 5)) < 0.05] = np.nan
    truth[visible == 0] = rng.choice([0.0, np.nan])  # what stands where nothing is labelled does not count
    return found, truth, visible, area, images


@pytest.mark.parametrize('at_once', [1 << 20, 7])
@pytest.mark.parametrize('seed', range(4))
def test_equals_the_plain_loops(seed, at_once, monkeypatch):
    monkeypatch.setattr(module, '_PAIRS_AT_ONCE', at_once)
    found, truth, visible, area, images = _people(seed)
    kinds = keypoint_error_kinds(found, truth, visible, area, sigmas=SIGMAS, flip_pairs=PAIRS, image_ids=images)
    assert set(kinds.flat) == {'', 'good', 'jitter', 'inversion', 'swap', 'miss'}
    assert (kinds == _plain(found, truth, visible, area, images)).all()


def test_the_order_of_people_does_not_matter():
    found, truth, visible, area, images = _people(5)
    order = np.random.default_rng(0).permutation(len(found))
    names = np.array([f'image {i}' for i in images])
    one = keypoint_error_kinds(found, truth, visible, area, sigmas=SIGMAS, flip_pairs=PAIRS, image_ids=images)
    other = keypoint_error_kinds(
        found[order], truth[order], visible[order], area[order],
        sigmas=SIGMAS, flip_pairs=PAIRS, image_ids=names[order],
    )  # fmt: skip
    assert (one[order] == other).all()


TRUTH = np.array([[[0, 0], [30, 0], [60, 0], [0, 30], [30, 30.0]]])
TRUTH = np.concatenate([TRUTH, TRUTH + np.array([0, 300])])
AREA = np.full(2, 400.0)
ALL = np.ones((2, 5))


def _kind(keypoint, at, *, visible=ALL, **kwargs):
    """Kind of one keypoint of the first of two people."""
    found = TRUTH.copy()
    found[0, keypoint] = at
    kinds = keypoint_error_kinds(found, TRUTH, visible, AREA, sigmas=SIGMAS, flip_pairs=PAIRS, **kwargs)
    rest = np.delete(kinds.reshape(-1), keypoint)
    assert set(rest) <= {'good', ''}
    return kinds[0, keypoint]


def _without(person, keypoint):
    visible = ALL.copy()
    visible[person, keypoint] = 0
    return visible


@pytest.mark.parametrize(
    ('keypoint', 'at', 'kind'),
    [
        (1, (30, 0), 'good'),
        (1, (30 + 4 * 0.56, 0), 'good'),  # with s = 20 and sigma = 0.1, ks = exp(-d^2 / 32)
        (1, (30 + 4 * 0.58, 0), 'jitter'),
        (1, (30, 4 * 1.17), 'jitter'),
        (1, (30, 4 * 1.18), 'miss'),
        (1, (60, 0), 'inversion'),
        (2, (30, 2), 'inversion'),
        (1, (30, 300), 'swap'),
        (1, (60, 301), 'swap'),  # swapped and inverted
        (1, (0, 0), 'miss'),  # another keypoint, but no partner
        (1, (0, 300), 'miss'),
        (0, (30, 0), 'miss'),
        (1, (np.nan, 0), 'miss'),
        (1, (np.inf, 0), 'miss'),
        (1, (1e200, 0), 'miss'),
    ],
)
def test_kinds_by_hand(keypoint, at, kind):
    assert _kind(keypoint, at) == kind


def test_borders_belong_to_the_better_kind():
    similarity = _similarity(np.array([33.0, 0]), TRUTH[0, 1], 400.0, 0.1)
    assert _kind(1, (33, 0), thresholds=(0.1, similarity)) == 'good'
    assert _kind(1, (33, 0), thresholds=(0.1, np.nextafter(similarity, 1))) == 'jitter'
    assert _kind(1, (33, 0), thresholds=(similarity, 1.0)) == 'jitter'
    assert _kind(1, (33, 0), thresholds=(np.nextafter(similarity, 1), 1.0)) == 'miss'
    assert _kind(1, (63, 0), thresholds=(similarity, 1.0)) == 'inversion'
    assert _kind(1, (33, 300), thresholds=(similarity, 1.0)) == 'swap'


def test_what_is_not_labelled_is_no_error_and_attracts_none():
    assert _kind(1, (900, 900), visible=_without(0, 1)) == ''
    assert _kind(1, (60, 0), visible=_without(0, 2)) == 'miss'
    assert _kind(1, (30, 300), visible=_without(1, 1)) == 'miss'
    assert _kind(1, (60, 300), visible=_without(1, 2)) == 'miss'


def test_people_of_other_images_are_not_swapped():
    assert _kind(1, (30, 300), image_ids=np.array([7, 7])) == 'swap'
    assert _kind(1, (30, 300), image_ids=np.array([7, 8])) == 'miss'


def test_the_nearer_of_partner_and_other_person_counts():
    truth = np.stack([TRUTH[0], TRUTH[0] + np.array([30, 2])])  # the other's keypoint 1 lies beside the own keypoint 2
    for at, kind in (((60, 0.9), 'inversion'), ((60, 1.0), 'inversion'), ((60, 1.1), 'swap')):
        found = truth.copy()
        found[0, 1] = at
        kinds = keypoint_error_kinds(found, truth, ALL, AREA, sigmas=SIGMAS, flip_pairs=PAIRS)
        assert kinds[0, 1] == kind


def test_somebody_whom_nobody_found_is_swapped_with():
    found = np.stack([TRUTH[1], np.full((5, 2), np.nan)])
    kinds = keypoint_error_kinds(found, TRUTH, ALL, AREA, sigmas=SIGMAS, flip_pairs=PAIRS)
    assert kinds.tolist() == [['swap'] * 5, ['miss'] * 5]


def test_one_person_and_nobody():
    one = keypoint_error_kinds(TRUTH[1:], TRUTH[:1], ALL[:1], AREA[:1], sigmas=SIGMAS, flip_pairs=PAIRS)
    assert (one == 'miss').all()
    nobody = keypoint_error_kinds(TRUTH[:0], TRUTH[:0], ALL[:0], AREA[:0], sigmas=SIGMAS, flip_pairs=PAIRS)
    assert nobody.shape == (0, 5)


def test_without_pairs_nothing_is_inverted():
    found = TRUTH[:, [0, 2, 1, 4, 3]]
    kinds = keypoint_error_kinds(found, TRUTH, ALL, AREA, sigmas=SIGMAS, flip_pairs=[])
    assert (kinds == [['good'] + ['miss'] * 4] * 2).all()


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(truth=TRUTH[:1]), r'truth \(1, 5, 2\) must be \(2, 5, 2\)'),
        (dict(visible=ALL[:, :4]), r'visible \(2, 4\) must be \(2, 5\)'),
        (dict(area=np.array([400.0, 0])), 'area of person 1 is 0.0'),
        (dict(truth=np.where(TRUTH == 30, np.nan, TRUTH)), 'not finite, the first is keypoint 1 of person 0'),
        (dict(image_ids=np.zeros(3)), r'image_ids \(3,\) must be'),
        (dict(thresholds=(0.9, 0.5)), 'thresholds'),
        (dict(thresholds=(0.0, 0.5)), 'thresholds'),
        (dict(flip_pairs=[(1, 5)]), 'outside 0..4'),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    arguments = dict(found=TRUTH, truth=TRUTH, visible=ALL, area=AREA, sigmas=SIGMAS, flip_pairs=PAIRS) | change
    with pytest.raises(InputError, match=message):
        keypoint_error_kinds(**arguments)
