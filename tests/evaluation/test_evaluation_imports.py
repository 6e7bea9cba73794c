"""Metrics load without the runner, and without the engines before they are used."""

import subprocess
import sys

HEAVY = ['mmengine.runner', 'mmengine.model', 'hotcoco', 'xtcocotools', 'scipy', 'matplotlib', 'mmcv', 'cv2']


def test_light_import():
    code = (
        'import sys, warnings; warnings.simplefilter("error"); import mmpose_dark.evaluation.functional as f; '
        f'print([m for m in {HEAVY} if m in sys.modules])'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ('[]', '')
