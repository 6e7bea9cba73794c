"""The matching of people against the COCO API's loops, written out."""

import numpy as np
import pytest

from mmpose_dark.evaluation.functional import oks_matching
from mmpose_dark.evaluation.functional.oks_eval import oks_problem
from mmpose_dark.evaluation.functional.oks_matching import AREA_RANGES, match_people

SIGMAS = np.full(17, 0.1)
THRESHOLDS = (0.1, 0.5, 0.75)


def _oks(problem, d, g):
    """Of one detection and one labelled person, as the COCO API's ``computeOks``."""
    x, y = problem.dt_xy[d].T
    labels = problem.gt_keypoints[g]
    left, top, width, height = problem.gt_bbox[g]
    if (labels[:, 2] > 0).any():
        dx, dy = x - labels[:, 0], y - labels[:, 1]
    else:
        dx = np.maximum(0, left - width - x) + np.maximum(0, x - (left + 2 * width))
        dy = np.maximum(0, top - height - y) + np.maximum(0, y - (top + 2 * height))
    terms = (dx**2 + dy**2) / (2 * problem.sigmas) ** 2 / (problem.gt_area[g] + np.spacing(1)) / 2
    counted = labels[:, 2] > 0 if (labels[:, 2] > 0).any() else np.ones(17, bool)
    return np.exp(-terms[counted]).mean()


def _plain(problem, threshold, low, high):
    """Match, image by image and detection by detection, as the COCO API's ``evaluateImg``."""
    count = len(problem.dt_scores)
    match, like, ignored = np.full(count, -1), np.zeros(count), np.zeros(count, bool)
    left_out = problem.gt_ignore | problem.gt_crowd | (problem.gt_area < low) | (problem.gt_area > high)
    taken = np.zeros(len(problem.gt_image), bool)
    for d in range(count):
        same = (problem.gt_image == problem.dt_image[d]) & (problem.gt_category == problem.dt_category[d])
        rows = sorted(np.flatnonzero(same), key=lambda g: left_out[g])
        best = threshold
        for g in rows:
            if taken[g] and not problem.gt_crowd[g]:
                continue
            if match[d] >= 0 and not left_out[match[d]] and left_out[g]:
                break
            oks = _oks(problem, d, g)
            if oks >= best:
                best, match[d] = oks, g
        if match[d] >= 0:
            taken[match[d]], like[d], ignored[d] = True, best, left_out[match[d]]
        else:
            size = np.ptp(problem.dt_xy[d], axis=0).prod()
            ignored[d] = size < low or size > high
    return match, like, ignored


@pytest.mark.parametrize('cells', [1 << 21, 200])
@pytest.mark.parametrize('seed', range(3))
def test_equals_the_plain_loops(people, seed, cells, monkeypatch):
    monkeypatch.setattr(oks_matching, '_CELLS_AT_ONCE', cells)  # several blocks of images
    data, results = people(seed, num_images=20, categories=1 + seed % 2)
    for copied in results[:40:4]:  # the same OKS twice, and people who lie on each other
        results.append(dict(copied))
    data['annotations'] += [dict(a, id=1000 + i) for i, a in enumerate(data['annotations'][::5])]
    problem = oks_problem(data, results, sigmas=SIGMAS)
    found = match_people(problem, thresholds=THRESHOLDS)
    assert problem.gt_crowd.any()
    assert problem.gt_ignore.any()
    for a, (low, high) in enumerate(AREA_RANGES):
        for t, threshold in enumerate(THRESHOLDS):
            match, like, ignored = _plain(problem, threshold, low, high)
            assert (found.gt[a, t] == match).all()
            assert np.allclose(found.oks[a, t], like, atol=1e-12)  # sums in another order; seen: 3e-16
            assert (found.dt_ignored[a, t] == ignored).all()


def test_nobody_on_either_side(people):
    data, results = people(0)
    assert match_people(oks_problem(data, [], sigmas=SIGMAS)).gt.shape == (3, 10, 0)
    alone = match_people(oks_problem(dict(data, annotations=[]), results, sigmas=SIGMAS))
    assert (alone.gt == -1).all()
    assert not alone.dt_ignored[0].any()
