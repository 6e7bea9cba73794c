"""tools/analysis_tools/analyze_errors.py on people whose errors are known."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / 'tools/analysis_tools/analyze_errors.py'
LEFT_WRIST, RIGHT_WRIST, NOSE = 9, 10, 0


@pytest.fixture
def files(tmp_path):
    """Three images with a person each: wrists exchanged, the nose lost, and one whom nobody found."""
    truth = np.c_[np.full(17, 300.0), 50.0 + 100.0 * np.arange(17), np.full(17, 2.0)]
    wrists, nose = truth.copy(), truth.copy()
    wrists[[LEFT_WRIST, RIGHT_WRIST]] = wrists[[RIGHT_WRIST, LEFT_WRIST]]
    nose[NOSE, :2] = 5000
    box = dict(category_id=1, bbox=[200, 20, 200, 1700], area=10000.0, iscrowd=0, keypoints=truth.flatten().tolist())
    data = dict(
        images=[dict(id=i, width=640, height=1720, file_name=f'{i}.jpg') for i in (1, 2, 3)],
        annotations=[dict(box, id=i, image_id=i) for i in (1, 2, 3)],
        categories=[dict(id=1, name='person')],
    )
    results = [
        dict(image_id=i, category_id=1, score=0.9, keypoints=found.flatten().tolist())
        for i, found in ((1, wrists), (2, nose))
    ]
    paths = tmp_path / 'annotations.json', tmp_path / 'results.json'
    for path, content in zip(paths, (data, results), strict=True):
        path.write_text(json.dumps(content))
    return paths


def run(*arguments):
    return subprocess.run([sys.executable, str(SCRIPT), *map(str, arguments)], capture_output=True, text=True, cwd=ROOT)


def test_known_errors_are_told_and_written(files, tmp_path):
    done = run(*files, '--out', tmp_path / 'errors')
    assert done.returncode == 0, done.stderr
    assert 'people 3: found 2, not found 1' in done.stdout
    summary = json.loads((tmp_path / 'errors/errors.json').read_text())
    assert summary['kinds'] == dict(good=31, jitter=0, inversion=2, swap=0, miss=1)
    joints = summary['groups']['joint']
    assert joints['left_wrist']['kinds']['inversion'] == joints['right_wrist']['kinds']['inversion'] == 1
    assert joints['nose']['kinds']['miss'] == 1
    assert summary['groups']['truncation']['at its border'] == dict(
        people=3, not_found=1, kinds=summary['kinds']
    )  # the box ends at 1720
    costs = summary['costs']
    assert sum(cost['in_turn'] for cost in costs.values()) == pytest.approx(
        sum(costs[name]['in_turn'] for name in ('miss', 'inversion', 'not found'))
    )
    page = (tmp_path / 'errors/errors.html').read_text()
    assert '<svg' in page
    assert 'http' not in page.replace('http://www.w3.org', '')


def test_mistakes_are_one_line(files, tmp_path):
    lost = run(tmp_path / 'nothing.json', files[1])
    assert lost.returncode == 2
    assert 'nothing.json' in lost.stderr
    assert 'Traceback' not in lost.stderr
    other = run(*files, '--definition', 'mpii')
    assert other.returncode == 2
    assert '17 keypoints, but there are 16 sigmas' in other.stderr
