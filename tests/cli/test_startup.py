"""Help texts and the numpy core load nothing heavy: each is asked in an interpreter of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mmpose_dark.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ('torch', 'mmengine', 'mmcv', 'cv2', 'scipy', 'matplotlib')
SCRIPTS = sorted(
    str(path.relative_to(ROOT))
    for folder in ('tools', 'demo')
    for path in (ROOT / folder).rglob('*.py')
    if "__name__ == '__main__'" in path.read_text(encoding='utf-8')
)
CORE = (
    'mmpose_dark',
    'mmpose_dark.structures.bbox',
    'mmpose_dark.structures.crop',
    'mmpose_dark.structures.keypoint',
    'mmpose_dark.structures.pose_score',
    'mmpose_dark.structures.poses',
    'mmpose_dark.keypoint_sets',
    'mmpose_dark.config',
    'mmpose_dark.deploy',
    'mmpose_dark.zoo',
)


def loaded(code: str, *arguments: str) -> set[str]:
    """Run ``code`` in a new interpreter and return which heavy packages it has loaded at the end."""
    ending = (
        'import atexit, json, sys\n'
        f'atexit.register(lambda: print("loaded:" + json.dumps([m for m in {HEAVY!r} if m in sys.modules])))\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', ending + code, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1].removeprefix('loaded:')))


@pytest.mark.parametrize('script', SCRIPTS)
def test_help_of_a_script_loads_nothing_heavy(script):
    assert not loaded(
        f'import os, runpy, sys; sys.path.insert(0, os.path.dirname({script!r})); sys.argv = [{script!r}, "--help"]; '
        f'runpy.run_path({script!r}, None, "__main__")'
    )


@pytest.mark.parametrize('command', [[], *([name] for name in COMMANDS)], ids=lambda words: ' '.join(words) or 'all')
def test_help_of_a_command_loads_nothing_heavy(command):
    words = [*command, '--help']
    assert not loaded(f'from mmpose_dark.cli.main import main; main({words!r})')


@pytest.mark.parametrize('module', CORE)
def test_the_core_imports_without_torch(module):
    assert not loaded(f'import {module}') & {'torch', 'mmengine', 'mmcv'}


@pytest.mark.slow
def test_packages_give_their_names_on_first_use():
    names = '[getattr(room, name) for name in dir(room)]'
    code = f'import mmpose_dark.{{}} as room\nassert set(dir(room)) >= set(room.__all__)\n{names}'
    loaded('\n'.join(code.format(room) for room in ('structures', 'deploy', 'config', 'synthetic')))


def test_the_zoo_is_listed_without_torch():
    assert not loaded("from mmpose_dark.cli.main import main; main(['models', 'list'])")
