"""Planted errors cost what they must, the costs add up, and every keypoint and person is in one group."""

import numpy as np
import pytest

from mmpose_dark.evaluation.functional.error_costs import REPAIRS, diagnose, error_costs
from mmpose_dark.evaluation.functional.error_groups import error_groups, overlapping_people
from mmpose_dark.evaluation.functional.keypoint_errors import KEYPOINT_KINDS
from mmpose_dark.evaluation.functional.oks_eval import evaluate_oks, oks_problem
from mmpose_dark.evaluation.reports.errors import error_sections, error_summary, error_text, worst_people

SIGMAS = np.full(17, 0.1)
PAIRS = [(1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16)]
NAMES = [f'joint {i}' for i in range(17)]


def _diagnosis(data, results):
    return diagnose(oks_problem(data, results, sigmas=SIGMAS), PAIRS)


def _world(people=40):
    """One person an image, 17 labelled joints 100 pixels apart, found exactly."""
    images = [dict(id=i + 1, width=640, height=2000) for i in range(people)]
    annotations, results = [], []
    for i in range(people):
        truth = np.c_[np.full(17, 300.0), 100.0 * np.arange(17) + 50]
        annotations.append(
            dict(
                id=i + 1, image_id=i + 1, category_id=1, bbox=[200, 20, 200, 1700], area=10000.0, iscrowd=0,
                keypoints=np.c_[truth, np.full(17, 2)].flatten().tolist(),
            )
        )  # fmt: skip
        results.append(
            dict(
                image_id=i + 1, category_id=1, score=1 - i / 100, keypoints=np.c_[truth, np.ones(17)].flatten().tolist()
            )
        )
    return dict(images=images, annotations=annotations, categories=[dict(id=1)]), results


def _moved(result, joint, to):
    result['keypoints'][3 * joint : 3 * joint + 2] = list(map(float, to))


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.parametrize('categories', [1, 2])
def test_the_costs_add_up_to_the_whole(people, seed, categories):
    data, results = people(seed, categories=categories)
    costs = error_costs(_diagnosis(data, results))
    assert tuple(costs) == REPAIRS
    before = evaluate_oks(data, results, sigmas=SIGMAS)['AP']
    assert before + sum(cost['in_turn'] for cost in costs.values()) == pytest.approx(1)


PLANTED = {  # joint -> where it is found
    'jitter': {joint: (320, 100 * joint + 50) for joint in range(5, 12)},
    'inversion': {5: (300, 650), 6: (300, 550), 7: (300, 850), 8: (300, 750)},
    'miss': {5: (600, 1900), 0: (2000, 50)},
}


@pytest.mark.parametrize('kind', PLANTED)
def test_only_the_planted_kind_costs(kind):
    data, results = _world()
    for result in results[:20]:
        for joint, to in PLANTED[kind].items():
            _moved(result, joint, to)
    diagnosis = _diagnosis(data, results)
    assert (diagnosis.kinds[:20, list(PLANTED[kind])] == kind).all()
    assert (diagnosis.kinds == 'good').sum() == 40 * 17 - 20 * len(PLANTED[kind])
    costs = error_costs(diagnosis)
    whole = 1 - evaluate_oks(data, results, sigmas=SIGMAS)['AP']
    assert whole > 0.01
    assert costs[kind]['alone'] == pytest.approx(whole)
    assert costs[kind]['in_turn'] == pytest.approx(whole)
    assert all(cost['in_turn'] == pytest.approx(0) for name, cost in costs.items() if name != kind)


def test_only_planted_swaps_cost():
    data, results = _world()
    for i in range(0, 40, 2):  # two people an image, side by side
        data['annotations'][i + 1]['image_id'] = results[i + 1]['image_id'] = i + 1
        for record in (data['annotations'][i + 1], results[i + 1]):
            record['keypoints'] = (
                (np.array(record['keypoints']).reshape(-1, 3) + np.array([300, 0, 0])).flatten().tolist()
            )
        for joint, to in ((4, 4), (9, 9), (10, 9)):  # the last one swapped and inverted at once
            _moved(results[i], joint, (600, 100 * to + 50))
    diagnosis = _diagnosis(data, results)
    assert (diagnosis.kinds[:40:2, [4, 9, 10]] == 'swap').all()
    assert (diagnosis.kinds == 'good').sum() == 40 * 17 - 60
    costs = error_costs(diagnosis)
    whole = 1 - evaluate_oks(data, results, sigmas=SIGMAS)['AP']
    assert whole > 0.01
    assert costs['swap'] == pytest.approx(dict(alone=whole, in_turn=whole))


def test_oks_is_that_of_the_own_person():
    data, results = _world(3)
    data['annotations'][1]['image_id'] = 1  # beside the first, who is found twice; nothing is near the second
    apart = np.array(data['annotations'][1]['keypoints']).reshape(-1, 3) + np.array([35, 0, 0])
    data['annotations'][1]['keypoints'] = apart.flatten().tolist()
    results[1]['image_id'] = 1
    diagnosis = _diagnosis(data, results)
    # both detections lie on the first person; the second one is left with its neighbour, 35 pixels beside it
    assert diagnosis.detection.tolist() == [0, 1, 2]
    assert diagnosis.oks == pytest.approx([1, np.exp(-(35**2) / (2 * 10000 * 0.2**2)), 1])
    assert worst_people(diagnosis, 1).tolist() == [1]


def test_detections_of_nobody_people_not_found_and_bad_scores():
    data, results = _world()
    ghost = dict(results[0], score=2.0, keypoints=(np.array(results[0]['keypoints']) + 5000).tolist())
    costs = error_costs(_diagnosis(data, [ghost, *results]))
    assert costs['background']['alone'] > 0
    assert costs['score']['alone'] == pytest.approx(costs['background']['alone'])  # scored 0, it comes last
    lost = _diagnosis(data, results[10:])
    assert len(lost.not_found) == 10
    assert error_costs(lost)['not found']['in_turn'] == pytest.approx(
        1 - evaluate_oks(data, results[10:], sigmas=SIGMAS)['AP']
    )
    twice = _diagnosis(data, [*results, *results])
    assert twice.background.sum() == 40


def test_nobody():
    data, _ = _world(2)
    costs = error_costs(_diagnosis(data, []))
    assert sum(cost['in_turn'] for cost in costs.values()) == 0  # nobody is left to look for
    assert 'found 0, not found 2' in error_text(error_summary(_diagnosis(data, []), NAMES))


@pytest.mark.parametrize('seed', range(3))
def test_every_keypoint_is_in_one_group(people, seed):
    data, results = people(seed)
    diagnosis = _diagnosis(data, results)
    sizes = np.array([[640.0, 480]] * len(data['images']))
    groups = error_groups(diagnosis, NAMES, sizes)
    assert set(groups) == {'joint', 'visibility', 'size', 'crowding', 'labelled keypoints', 'truncation'}
    total = {kind: int((diagnosis.kinds == kind).sum()) for kind in KEYPOINT_KINDS}
    for found in groups.values():
        assert {kind: sum(group['kinds'][kind] for group in found.values()) for kind in total} == total
        if all('people' in group for group in found.values()):
            assert sum(group['people'] for group in found.values()) == diagnosis.counts.sum()
            assert sum(group['not_found'] for group in found.values()) == len(diagnosis.not_found)
    assert 'truncation' not in error_groups(diagnosis, NAMES)


def test_crowding_and_truncation_by_hand():
    data, results = _world(3)
    data['annotations'][1] |= dict(image_id=1)  # the same box as the first's
    data['annotations'][2] |= dict(bbox=[0, 20, 200, 1700])
    diagnosis = _diagnosis(data, results)
    assert overlapping_people(diagnosis).tolist() == [1, 1, 0]
    groups = error_groups(diagnosis, NAMES, np.array([[640.0, 2000], [np.nan, np.nan], [640, 2000]]))
    assert [group['people'] for group in groups['crowding'].values()] == [1, 2, 0]
    assert [group['people'] for group in groups['truncation'].values()] == [2, 1]


def test_the_worst_come_first():
    data, results = _world(10)
    for person, joints in ((4, 8), (7, 3)):
        for joint in range(joints):
            _moved(results[person], joint, (9000, 9000))
    diagnosis = _diagnosis(data, results)
    assert worst_people(diagnosis, 3).tolist() == [4, 7, 0]


def test_sections_show_every_kind(people):
    page = ''.join(error_sections(error_summary(_diagnosis(*people(0)), NAMES)))
    assert all(f'var(--{kind})' in page for kind in KEYPOINT_KINDS)
    assert page.count('<svg') == page.count('</svg>') > 3
