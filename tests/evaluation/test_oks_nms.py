"""OKS and its suppression against plain loops in the manner of the reference code."""

import numpy as np
import pytest

from mmpose_dark.evaluation.functional import (
    COCO_SIGMAS,
    grouped_oks_nms,
    grouped_soft_oks_nms,
    oks,
    oks_nms,
    soft_oks_nms,
)


def loop_oks(a, b, area_a, area_b, sigmas, vis_thr=None):
    """Similarity of two poses (K, 3), one keypoint after the other."""
    total, count = 0.0, 0
    for (xa, ya, va), (xb, yb, vb), sigma in zip(a, b, sigmas, strict=True):
        if vis_thr is not None and not (va > vis_thr and vb > vis_thr):
            continue
        squared = (xa - xb) ** 2 + (ya - yb) ** 2
        total += np.exp(-squared / (2 * sigma) ** 2 / ((area_a + area_b) / 2 + np.spacing(1)) / 2)
        count += 1
    return total / count if count else 0.0


def loop_nms(people, thr, sigmas, vis_thr=None):
    order = list(np.argsort([p['score'] for p in people], kind='stable')[::-1])
    keep = []
    while order:
        i = order.pop(0)
        keep.append(int(i))
        a = people[i]
        order = [
            j
            for j in order
            if loop_oks(a['keypoints'], people[j]['keypoints'], a['area'], people[j]['area'], sigmas, vis_thr) <= thr
        ]
    return keep


def loop_soft_nms(people, thr, sigmas, max_dets):
    scores = {i: p['score'] for i, p in enumerate(people)}
    keep = []
    while scores and len(keep) < max_dets:
        i = max(scores, key=scores.get)
        del scores[i]
        keep.append(i)
        for j in scores:
            a, b = people[i], people[j]
            o = loop_oks(a['keypoints'], b['keypoints'], a['area'], b['area'], sigmas)
            scores[j] *= np.exp(-(o**2) / thr)
    return keep


def crowd(seed, number, num_keypoints=17):
    """Clusters of similar poses."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0, 300, (max(1, number // 4), num_keypoints, 2))
    people = []
    for _ in range(number):
        xy = centres[rng.integers(len(centres))] + rng.normal(0, rng.uniform(0.5, 6), (num_keypoints, 2))
        score = rng.random((num_keypoints, 1))
        people.append(dict(keypoints=np.c_[xy, score], score=float(rng.random()), area=float(rng.uniform(3e3, 2e4))))
    return people


@pytest.mark.parametrize('vis_thr', [None, 0.3])
def test_oks_equals_loop(vis_thr):
    people = crowd(0, 12)
    sigmas = np.array(COCO_SIGMAS)
    k = np.stack([p['keypoints'] for p in people])
    areas = np.array([p['area'] for p in people])
    visible = None if vis_thr is None else (k[:, None, :, 2] > vis_thr) & (k[None, :, :, 2] > vis_thr)
    got = oks(k[..., :2], k[..., :2], areas=(areas[:, None] + areas) / 2, sigmas=sigmas, visible=visible)
    expected = [
        [loop_oks(a['keypoints'], b['keypoints'], a['area'], b['area'], sigmas, vis_thr) for b in people]
        for a in people
    ]
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-14)
    assert 0 < got.min() < 0.5 < got.max()


def test_oks_without_counted_keypoint_is_zero():
    k = np.zeros((1, 3, 2))
    got = oks(k, k, areas=np.ones((1, 1)), sigmas=np.ones(3), visible=np.zeros((1, 1, 3), bool))
    assert got.tolist() == [[0.0]]


@pytest.mark.parametrize('vis_thr', [None, 0.2])
@pytest.mark.parametrize('thr', [0.1, 0.5, 0.9, 0.97])
@pytest.mark.parametrize(('number', 'num_keypoints'), [(1, 17), (2, 17), (30, 17), (25, 3), (20, 133)])
def test_nms_equals_loop(number, num_keypoints, thr, vis_thr):
    people = crowd(number, number, num_keypoints)
    sigmas = np.random.default_rng(0).uniform(0.03, 0.11, num_keypoints)
    expected = loop_nms(people, thr, sigmas, vis_thr)
    assert oks_nms(people, thr, sigmas=sigmas, vis_thr=vis_thr).tolist() == expected
    if number == 30 and thr == 0.5:
        assert len(expected) < number


@pytest.mark.parametrize('max_dets', [1, 5, 20, 50])
@pytest.mark.parametrize('thr', [0.1, 0.9])
def test_soft_nms_equals_loop(thr, max_dets):
    people = crowd(3, 30)
    expected = loop_soft_nms(people, thr, np.array(COCO_SIGMAS), max_dets)
    assert soft_oks_nms(people, thr, max_dets=max_dets).tolist() == expected
    assert len(expected) == min(max_dets, 30)


def test_equal_scores_and_score_per_joint():
    people = [dict(p, score=0.5) for p in crowd(2, 12)]
    assert oks_nms(people, 0.5).tolist() == loop_nms(people, 0.5, np.array(COCO_SIGMAS))
    per_joint = [dict(p, score=[0.1, i / 10]) for i, p in enumerate(people)]
    mean = [dict(p, score=(0.1 + i / 10) / 2) for i, p in enumerate(people)]
    assert oks_nms(per_joint, 0.5, score_per_joint=True).tolist() == oks_nms(mean, 0.5).tolist()


@pytest.mark.parametrize('function', [oks_nms, soft_oks_nms])
def test_nobody(function):
    assert function([], 0.9).tolist() == []


@pytest.mark.parametrize(('grouped', 'one'), [(grouped_oks_nms, oks_nms), (grouped_soft_oks_nms, soft_oks_nms)])
def test_images_do_not_meet(grouped, one):
    images = [crowd(s, n) for s, n in enumerate((7, 1, 30, 2))]
    people = [p for image in images for p in image]
    groups = np.repeat(np.arange(4), [len(p) for p in images])
    shuffle = np.random.default_rng(0).permutation(len(people))
    got = shuffle[
        grouped(
            np.stack([people[i]['keypoints'] for i in shuffle]),
            np.array([people[i]['score'] for i in shuffle]),
            areas=np.array([people[i]['area'] for i in shuffle]),
            groups=groups[shuffle],
            thr=0.7,
            sigmas=np.array(COCO_SIGMAS),
        )
    ]
    starts = np.cumsum([0, *(len(p) for p in images)])
    expected = [start + i for start, p in zip(starts, images, strict=False) for i in one(p, 0.7)]
    assert got.tolist() == expected


def test_grouped_with_nobody():
    nothing = dict(areas=np.zeros(0), groups=np.zeros(0, int), thr=0.9, sigmas=np.ones(17))
    for function in (grouped_oks_nms, grouped_soft_oks_nms):
        assert function(np.zeros((0, 17, 2)), np.zeros(0), **nothing).tolist() == []
