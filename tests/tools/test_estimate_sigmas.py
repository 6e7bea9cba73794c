"""tools/analysis_tools/estimate_sigmas.py on people who are labelled twice with known errors."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from mmpose_dark.evaluation.functional.sigma_estimation import estimate_sigmas, pair_people, sigma_intervals

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / 'tools/analysis_tools/estimate_sigmas.py'
SIGMAS = np.array([0.03, 0.06, 0.1])


def labelled_twice(folder, *, people=300, gross=0.0, seed=0):
    """Write two files; each annotator errs by sigma in all, so by sigma / sqrt(2) along each axis."""
    random = np.random.default_rng(seed)
    sizes = random.uniform(40, 200, people)
    truth = random.uniform(0, 1, (people, 3, 2)) * sizes[:, None, None]
    paths = []
    for name in ('first', 'second'):
        labels = truth + random.normal(size=truth.shape) * (SIGMAS[:, None] * sizes[:, None, None] / 2**0.5)
        wrong = random.random((people, 3)) < gross
        labels[wrong] += 90.0
        annotations = []
        for i in random.permutation(people):
            # Two people an image, side by side, in another order in each file.
            left = 1000.0 * (i % 2)
            shown = np.concatenate([labels[i] + [left, 0], np.full((3, 1), 2)], 1)
            annotations.append(
                dict(
                    id=int(i + 1), image_id=int(i // 2), category_id=1, iscrowd=0, area=float(sizes[i] ** 2),
                    bbox=[left, 0.0, float(sizes[i]), float(sizes[i])], num_keypoints=3,
                    keypoints=shown.ravel().tolist(),
                )
            )  # fmt: skip
        images = [dict(id=i, file_name=f'{i}.jpg', width=3000, height=300) for i in range((people + 1) // 2)]
        categories = [dict(id=1, name='person', keypoints=['eye', 'elbow', 'hip'])]
        paths.append(folder / f'{name}.json')
        paths[-1].write_text(json.dumps(dict(images=images, annotations=annotations, categories=categories)))
    return paths


def run(*arguments):
    return subprocess.run([sys.executable, str(SCRIPT), *map(str, arguments)], capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize(('match', 'gross'), [('iou', 0.0), ('ids', 0.04)])
def test_known_sigmas_are_found(tmp_path, match, gross):
    out = tmp_path / 'sigmas.json'
    done = run(*labelled_twice(tmp_path, gross=gross), '--match', match, '--out', out)
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text())
    assert found['names'] == ['eye', 'elbow', 'hip']
    assert found['pairs'] == [300] * 3
    np.testing.assert_allclose(found['sigmas'], SIGMAS, rtol=0.15)
    assert 'sigmas=[0.0' in done.stdout


def test_files_without_common_people_are_refused(tmp_path):
    first, second = labelled_twice(tmp_path, people=4)
    content = json.loads(second.read_text())
    for image in content['images']:
        image['file_name'] = 'other' + image['file_name']
    second.write_text(json.dumps(content))
    done = run(first, second)
    assert done.returncode == 2
    assert 'nobody in common' in done.stderr
    assert 'Traceback' not in done.stderr


def test_too_few_pairs_are_refused(tmp_path):
    done = run(*labelled_twice(tmp_path, people=6))
    assert done.returncode == 2
    assert '20 people' in done.stderr


def test_intervals_hold_the_sigma_as_often_as_they_say():
    random = np.random.default_rng(0)
    inside = 0
    for seed in range(100):
        apart = random.normal(size=(120, 1, 2)) * 0.07  # of two labels with sigma 0.07
        low, high = sigma_intervals((apart**2).sum(-1), draws=200, seed=seed)[0]
        inside += low <= 0.07 <= high
    assert 86 <= inside <= 100  # 95 expected


def test_gross_mistakes_move_the_plain_mean_alone():
    random = np.random.default_rng(0)
    squared = ((random.normal(size=(2000, 1, 2)) * 0.07) ** 2).sum(-1)
    squared[:80] += 1.0
    assert estimate_sigmas(squared)[0] == pytest.approx(0.07, rel=0.06)
    assert estimate_sigmas(squared, robust=False)[0] > 0.14
    assert np.isnan(estimate_sigmas(np.full((5, 1), np.nan))[0])


def test_nobody_is_matched_with_nobody():
    assert pair_people(np.zeros((0, 4)), np.zeros((3, 4))).shape == (0, 2)
    assert pair_people(np.array([[0, 0, 9, 9.0]]), np.array([[5, 5, 30, 30.0]])).shape == (0, 2)
