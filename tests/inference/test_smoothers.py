"""Smoothers against plain loops, and what must hold for any motion."""

import itertools
import math

import numpy as np
import pytest

from mmpose_dark.inference.smoothing import SMOOTHERS, BaseTrackSmoother, make_smoother
from mmpose_dark.structures.poses import Poses
from mmpose_dark.utils.errors import InputError, InputTypeError, UnknownNameError

CAUSAL = [name for name in SMOOTHERS if name != 'two-pass']
SIDE = 100.0  # of the box, so that the size of a person is 100 pixels


def people(keypoints, ids, *, scores=None, covariances=None):
    """Poses with boxes of a fixed size round the mean of the keypoints (N, K, 2)."""
    keypoints = np.asarray(keypoints, float).reshape(len(ids), -1, 2)
    centre = np.nan_to_num(keypoints.mean(1))
    boxes = np.concatenate([centre - SIDE / 2, centre + SIDE / 2], 1)
    scores = np.ones(keypoints.shape[:2]) if scores is None else scores
    return Poses(keypoints, scores, boxes, covariances=covariances, track_ids=ids)


def run(name, frames, times, **settings):
    smoother = make_smoother(name, settings)
    if isinstance(smoother, BaseTrackSmoother):
        return smoother.smooth(frames, times)
    return [smoother(frame, time=time) for frame, time in zip(frames, times, strict=True)]


@pytest.fixture
def walk():
    """Two people with three keypoints, who go unevenly for 40 frames of uneven length; noise on top."""
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.uniform(0.02, 0.06, 40)).tolist()
    frames = []
    for t in times:
        base = np.array([[100 + 60 * t, 80 + 20 * math.sin(3 * t)], [300 - 90 * t, 90.0]])
        keypoints = base[:, None] + np.array([[0, 0], [20, 5], [-5, 40.0]]) + rng.normal(0, 2, (2, 3, 2))
        root = rng.normal(0, 3, (2, 3, 2, 2))
        frames.append(people(keypoints, [4, 9], covariances=root @ root.swapaxes(-1, -2) + np.eye(2)))
    return frames, times


def one_euro_of_a_list(values, times, *, min_cutoff, beta, d_cutoff, size):
    """The filter of the paper for one point, without arrays."""
    share = lambda cutoff, passed: 1 / (1 + 1 / (2 * math.pi * cutoff * passed))  # noqa: E731
    out, point, speed = [], values[0], [0.0, 0.0]
    for i, value in enumerate(values):
        if i:
            passed = times[i] - times[i - 1]
            for axis in (0, 1):
                speed[axis] += share(d_cutoff, passed) * ((value[axis] - point[axis]) / passed - speed[axis])
            cutoff = min_cutoff + beta * math.hypot(*speed) / size
            point = [p + share(cutoff, passed) * (v - p) for p, v in zip(point, value, strict=True)]
        out.append(list(point))
    return np.array(out)


def test_one_euro_is_the_plain_loop(walk):
    frames, times = walk
    settings = dict(min_cutoff=0.7, beta=3.0, d_cutoff=1.3)
    found = np.array([f.keypoints for f in run('one-euro', frames, times, **settings)])
    for person, keypoint in itertools.product(range(2), range(3)):
        values = [f.keypoints[person, keypoint].astype(float).tolist() for f in frames]
        expected = one_euro_of_a_list(values, times, size=SIDE, **settings)
        # Poses keep float32: half a unit in the last place of 400 is 1.5e-5.
        np.testing.assert_allclose(found[:, person, keypoint], expected, atol=1e-3)


def kalman_of_a_list(points, noises, times, *, acceleration, back):
    """Filter and Rauch-Tung-Striebel of one point in textbook form, with 4 x 4 matrices and no gate."""
    q = (acceleration * SIDE) ** 2
    states, covs, predicted = [], [], []
    x, p = np.array([*points[0], 0, 0.0]), np.zeros((4, 4))
    p[:2, :2], p[2:, 2:] = noises[0], np.eye(2) * (2.0 * SIDE) ** 2
    for i, (z, r) in enumerate(zip(points, noises, strict=True)):
        if i:
            d = times[i] - times[i - 1]
            f = np.block([[np.eye(2), d * np.eye(2)], [np.zeros((2, 2)), np.eye(2)]])
            noise = q * np.block([[d**3 / 3 * np.eye(2), d**2 / 2 * np.eye(2)], [d**2 / 2 * np.eye(2), d * np.eye(2)]])
            x, p = f @ x, f @ p @ f.T + noise
            predicted.append((f, x, p))
            h = np.eye(2, 4)
            gain = p @ h.T @ np.linalg.inv(h @ p @ h.T + r)
            x, p = x + gain @ (z - h @ x), (np.eye(4) - gain @ h) @ p
        states.append(x)
        covs.append(p)
    if back:
        for i in range(len(states) - 2, -1, -1):
            f, ahead, cov = predicted[i]
            gain = covs[i] @ f.T @ np.linalg.inv(cov)
            states[i] = states[i] + gain @ (states[i + 1] - ahead)
            covs[i] = covs[i] + gain @ (covs[i + 1] - cov) @ gain.T
    return np.array(states)[:, :2], np.array(covs)[:, :2, :2]


@pytest.mark.parametrize(('name', 'back'), [('kalman', False), ('two-pass', True)])
def test_kalman_filters_are_the_textbook_s(walk, name, back):
    frames, times = walk
    floor = 0.004
    found = run(name, frames, times, covariance_scale=0.5, floor=floor, gate=1e6)
    for person, keypoint in itertools.product(range(2), range(3)):
        points = [f.keypoints[person, keypoint].astype(float) for f in frames]
        noises = [0.5 * f.covariances[person, keypoint] + np.eye(2) * (floor * SIDE) ** 2 for f in frames]
        places, covariances = kalman_of_a_list(points, noises, times, acceleration=2.0, back=back)
        np.testing.assert_allclose([f.keypoints[person, keypoint] for f in found], places, atol=2e-3)
        np.testing.assert_allclose([f.covariances[person, keypoint] for f in found], covariances, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize('name', SMOOTHERS)
def test_who_stands_still_stays(name):
    still = people(np.full((1, 2, 2), 50.0), [1])
    for frame in run(name, [still] * 12, np.arange(12) / 25):
        np.testing.assert_allclose(frame.keypoints, still.keypoints, atol=1e-3)


@pytest.mark.parametrize('name', ['kalman', 'two-pass'])
def test_an_even_walk_is_followed_without_lag(name):
    times = np.arange(60) / 25
    frames = [people([[[10 + 80 * t, 20 - 30 * t]]], [1]) for t in times]
    for frame, found in list(zip(frames, run(name, frames, times), strict=True))[-10:]:
        np.testing.assert_allclose(found.keypoints, frame.keypoints, atol=0.05)


@pytest.mark.parametrize('name', SMOOTHERS)
def test_moved_and_scaled_people_give_moved_and_scaled_answers(walk, name):
    frames, times = walk
    plain = run(name, frames, times)
    changed = [
        Poses(
            2 * f.keypoints + 7,
            f.keypoint_scores,
            2 * f.boxes + 7,
            covariances=4 * f.covariances,
            track_ids=f.track_ids,
        )
        for f in frames
    ]
    for a, b in zip(plain, run(name, changed, times), strict=True):
        np.testing.assert_allclose(2 * a.keypoints + 7, b.keypoints, atol=5e-3)


@pytest.mark.parametrize('name', SMOOTHERS)
def test_others_and_the_order_of_people_change_nothing(walk, name):
    frames, times = walk
    together = run(name, frames, times)
    alone = run(name, [f[[0]] for f in frames], times)
    turned = run(name, [f[[1, 0]] if i % 2 else f for i, f in enumerate(frames)], times)
    for i, (a, b, c) in enumerate(zip(together, alone, turned, strict=True)):
        np.testing.assert_allclose(a.keypoints[:1], b.keypoints, atol=1e-4)
        np.testing.assert_allclose(a.keypoints, c.keypoints[[1, 0]] if i % 2 else c.keypoints, atol=1e-4)


def test_two_pass_does_not_care_which_way_time_runs(walk):
    frames, times = walk
    frames = [Poses(f.keypoints, f.keypoint_scores, f.boxes, track_ids=f.track_ids) for f in frames]
    back = run('two-pass', frames[::-1], [times[-1] - t for t in times[::-1]], gate=1e6)[::-1]
    # At the ends the prior of the speed comes in, at one end only: some 0.1 pixels are left of it in the middle.
    for a, b in list(zip(run('two-pass', frames, times, gate=1e6), back, strict=True))[10:-10]:
        np.testing.assert_allclose(a.keypoints, b.keypoints, atol=0.3)


@pytest.mark.parametrize('name', SMOOTHERS)
def test_noise_becomes_less(walk, name):
    rng = np.random.default_rng(0)
    times = np.arange(80) / 25
    truth = [np.array([[[100 + 50 * t, 100 + 10 * math.sin(2 * t)]]]) for t in times]
    frames = [people(t + rng.normal(0, 2, t.shape), [1]) for t in truth]
    error = lambda found: np.sqrt(np.mean([(f.keypoints - t) ** 2 for f, t in zip(found, truth, strict=True)]))  # noqa: E731
    assert error(run(name, frames, times)) < 0.95 * error(frames)


@pytest.mark.parametrize('name', SMOOTHERS)
def test_an_unseen_keypoint_is_not_learned_from(name):
    times = np.arange(20) / 25
    scores = [np.array([[1.0, 0.05 if 8 <= i < 11 else 1.0]]) for i in range(20)]
    wild = [
        np.array([[[50.0, 50], [900.0, 900] if 8 <= i < 10 else [np.nan] * 2 if i == 10 else [60.0, 60]]])
        for i in range(20)
    ]
    frames = [people(k, [1], scores=s) for k, s in zip(wild, scores, strict=True)]
    for frame in run(name, frames, times):
        np.testing.assert_allclose(frame.keypoints[0, 1], 60, atol=0.5)


@pytest.mark.parametrize('name', ['kalman', 'two-pass'])
def test_one_wild_keypoint_hardly_matters(name):
    times = np.arange(20) / 25
    frames = [people([[[50.0, 50 if i != 10 else 150]]], [1]) for i in range(20)]
    found = run(name, frames, times)
    assert abs(found[10].keypoints[0, 0, 1] - 50) < 20
    assert abs(found[14].keypoints[0, 0, 1] - 50) < 8


@pytest.mark.parametrize('name', SMOOTHERS)
def test_who_comes_back_after_long_begins_anew(name):
    there, far = people([[[10.0, 10]]], [1]), people([[[300.0, 10]]], [1])
    nobody = there[:0]
    times = [0.0, 0.04, 0.5, 1.5, 1.54]
    found = run(name, [there, there, nobody, far, far], times)
    assert [len(f) for f in found] == [1, 1, 0, 1, 1]
    assert found[3].keypoints[0, 0, 0] == pytest.approx(300, abs=1e-3)


@pytest.mark.parametrize('name', SMOOTHERS)
def test_people_without_a_number_come_back_as_they_are(name):
    frames = [people([[[10.0 + i % 2, 10]], [[50.0 + i % 2, 10]]], [-1, 2]) for i in range(6)]
    for frame, found in zip(frames, run(name, frames, np.arange(6) / 25), strict=True):
        assert np.array_equal(frame.keypoints[0], found.keypoints[0])
        assert found.track_ids.tolist() == [-1, 2]


def test_gaps_are_filled_and_marked():
    times = np.arange(12) / 25
    frames = [people([[[100 + 100 * t, 50], [120 + 100 * t, 60]]], [5]) for t in times]
    for i in (4, 5, 6):
        frames[i] = frames[i][:0]
    frames[8] = Poses.concatenate([frames[8], people([[[7.0, 7], [8, 8]]], [6])])
    found = run('two-pass', frames, times)
    for i, (t, frame) in enumerate(zip(times, found, strict=True)):
        assert frame.filled.tolist() == ([True] if i in (4, 5, 6) else [False] * len(frames[i]))
        assert frame.track_ids[0] == 5
        assert frame.keypoints[0, 0, 0] == pytest.approx(100 + 100 * t, abs=0.5)
        if i in (4, 5, 6):
            assert frame.keypoint_scores[0].tolist() == [0.5, 0.5]
            assert frame.boxes[0, 0] == pytest.approx(100 + 100 * t + 10 - SIDE / 2, abs=0.01)
    assert found[8].track_ids.tolist() == [5, 6]


def test_long_gaps_stay():
    times = np.arange(40) / 25
    frames = [people([[[100.0, 50]]], [5])[: 0 if 10 <= i < 30 else 1] for i in range(40)]
    assert [len(f) for f in run('two-pass', frames, times)] == [len(f) for f in frames]
    assert len(run('two-pass', frames, times, max_gap=2.0)[20]) == 1


@pytest.mark.parametrize('name', SMOOTHERS)
def test_nobody_and_one_frame(name):
    assert [len(f) for f in run(name, [Poses.empty(3), Poses.empty(3)], [0.0, 0.1])] == [0, 0]
    only = people([[[1.0, 2]]], [1])
    assert run(name, [only], [0.0])[0].keypoints.tolist() == only.keypoints.tolist()


@pytest.mark.parametrize('name', SMOOTHERS)
def test_bad_input_is_named(name):
    one = people([[[1.0, 2]]], [1])
    with pytest.raises(InputError, match=r'0\.1 s does not come after 0\.1 s'):
        run(name, [one, one], [0.1, 0.1])
    with pytest.raises(InputError, match='need track_ids'):
        run(name, [Poses(one.keypoints, one.keypoint_scores, one.boxes)], [0.0])
    with pytest.raises(InputError, match='same track number'):
        run(name, [people([[[1.0, 2]], [[3.0, 4]]], [2, 2])], [0.0])
    with pytest.raises(InputError, match='max_gap must be a number above 0'):
        make_smoother(name, dict(max_gap=0))
    with pytest.raises(InputTypeError, match='no_such'):
        make_smoother(name, dict(no_such=1))


def test_unknown_names():
    with pytest.raises(UnknownNameError, match="did you mean 'kalman'"):
        make_smoother('kalmann')
    with pytest.raises(InputError, match='2 frames and 1 times'):
        make_smoother('two-pass').smooth([Poses.empty(1)] * 2, [0.0])


@pytest.mark.parametrize('name', CAUSAL)
def test_reset_forgets(name, walk):
    frames, times = walk
    smoother = make_smoother(name)
    runs = []
    for _ in range(2):
        runs.append([smoother(f, time=t).keypoints for f, t in zip(frames, times, strict=True)])
        smoother.reset()
    np.testing.assert_array_equal(*runs)
