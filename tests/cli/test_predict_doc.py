"""docs/predict.md: every command and the program run as printed, and docs/formats.md names every format."""

import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mmpose_dark.cli.main import main
from mmpose_dark.inference.detectors import list_detectors
from mmpose_dark.inference.sinks import SINKS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / 'docs' / 'predict.md').read_text(encoding='utf-8')
BLOCK = re.compile(r'^```(bash|python)\n(.*?)^```', re.S | re.M)


@pytest.mark.slow
def test_all_of_the_page_runs_as_printed(tmp_path, monkeypatch, capsys):
    pytest.importorskip('matplotlib')
    for name in ('configs', 'demo', 'tools', 'mmpose_dark', 'docs', 'model-index.yml'):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    commands = 0
    for kind, text in BLOCK.findall(PAGE):
        if kind == 'python':
            program = tmp_path / 'program.py'
            program.write_text(text)
            runpy.run_path(str(program))
            continue
        for line in text.splitlines():
            program, *words = shlex.split(line)
            commands += 1
            if program == 'mmpose-dark':
                assert main(words) == 0, line
            else:
                env = dict(os.environ, PYTHONPATH=str(ROOT))
                done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, env=env)
                assert done.returncode == 0, done.stderr
    assert commands == 5
    assert 'Poses(' in capsys.readouterr().out
    for name in ('walk_poses.mp4', 'walk.csv', 'walk.jsonl', 'walk_tracks.png'):
        assert (tmp_path / 'work_dirs' / 'predict' / name).is_file()


def test_the_pages_name_every_format_and_detector():
    formats = (ROOT / 'docs' / 'formats.md').read_text(encoding='utf-8')
    assert [name for name in SINKS if f'| `{name}` |' not in formats] == []
    detectors = (ROOT / 'docs' / 'detectors.md').read_text(encoding='utf-8')
    for row in list_detectors():
        known = 'yes' if row.sha256 else 'no'
        size = f'{row.input_size[0]}x{row.input_size[1]}'
        assert f'| `{row.name}` | {row.form} | {size} | {row.licence} | {known} |' in detectors
