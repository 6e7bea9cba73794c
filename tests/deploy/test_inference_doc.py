"""docs/inference.md: its options exist, its links lead somewhere, its code runs as printed."""

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mmpose_dark.cli import arguments as cli
from mmpose_dark.synthetic import PeopleSettings, write_dataset

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / 'docs' / 'inference.md'
TEXT = DOCUMENT.read_text(encoding='utf-8')


def test_every_option_of_the_table_exists_and_every_option_is_in_the_table() -> None:
    parser = argparse.ArgumentParser()
    cli.add_precision_arguments(parser)
    cli.add_acceleration_arguments(parser)
    known = {option for action in parser._actions for option in action.option_strings} - {'-h', '--help'}
    table = TEXT[TEXT.index('| option ') : TEXT.index('```python')]
    assert set(re.findall(r'^\| `(--[a-z-]+)', table, re.M)) == known | {'--cfg-options'}


def test_links_lead_somewhere() -> None:
    for target in re.findall(r'\]\(([^)#:]+)\)', TEXT):
        assert (DOCUMENT.parent / target).exists(), target


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec('openvino') is None, reason='OpenVINO is not installed')
def test_code_runs_as_printed(tmp_path: Path) -> None:
    for name in ('configs', 'demo'):
        os.symlink(ROOT / name, tmp_path / name)
    write_dataset(tmp_path / 'data' / 'people', PeopleSettings(train=1, val=2))
    (start,) = (ROOT / 'demo').glob('people_start-*.pth')
    (tmp_path / 'work_dirs' / 'demo').mkdir(parents=True)
    shutil.copy(start, tmp_path / 'work_dirs' / 'demo' / 'epoch_4.pth')
    code = '\n'.join(re.findall(r'^```python\n(.*?)^```', TEXT, re.S | re.M))
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith('data/people/images/val_000002.jpg None Poses(nobody') for line in lines), lines
    assert lines[-1] == '[[  0.   0. 160. 240.]] [0.9]'
