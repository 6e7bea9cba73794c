"""Metrics load without the runner, their functions without torch and mmengine, and engines when they are used."""

import subprocess
import sys

import pytest

HEAVY = ['mmengine.runner', 'mmengine.model', 'hotcoco', 'xtcocotools', 'scipy', 'matplotlib', 'mmcv', 'cv2']


@pytest.mark.parametrize(
    ('module', 'unwanted'),
    [
        ('functional', [*HEAVY, 'torch', 'mmengine']),
        pytest.param('metrics', HEAVY, marks=pytest.mark.slow),
        ('evaluator', HEAVY),
    ],
)
def test_light_import(module, unwanted):
    code = (
        f'import sys, warnings; warnings.simplefilter("error"); import mmpose_dark.evaluation.{module}; '
        f'print([m for m in {unwanted} if m in sys.modules])'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ('[]', '')
