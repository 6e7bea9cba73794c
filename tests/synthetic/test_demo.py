"""The demo: its configs hold together, and the whole of it runs, quicker the second time."""

import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIGS = sorted((ROOT / 'configs' / 'demo').glob('*.py'))


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_configs_are_valid(path: pathlib.Path) -> None:
    from mmpose_dark.config import validate_config
    from mmpose_dark.config.reading import load_config

    cfg = load_config(path)
    validate_config(cfg)
    assert cfg.model.head.decoder.unbiased
    if cfg.load_from and cfg.load_from.startswith('demo/'):  # shipped with the project
        weights = ROOT / cfg.load_from
        assert weights.is_file()
        assert weights.stat().st_size < 5e6


@pytest.mark.slow
def test_demo_runs_and_does_nothing_twice(tmp_path: pathlib.Path) -> None:
    command = [sys.executable, str(ROOT / 'tools' / 'demo.py'), '--quick', '--data-root', str(tmp_path / 'data'),
               '--work-dir', str(tmp_path / 'work'), '--device', 'cpu']  # fmt: skip
    first = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert first.returncode == 0, first.stderr
    results = json.loads((tmp_path / 'work' / 'results.json').read_text())
    assert list(results) == ['quarter-pixel', 'DARK']
    for row in results.values():
        assert {'AP', 'AP .5', 'AP .75', 'AR'} == set(row)
        assert all(0 <= value <= 1 for value in row.values())
    images = tmp_path / 'work' / 'images'
    assert (images / 'poses.jpg').is_file()
    assert (images / 'heatmaps.jpg').is_file()
    assert len(list((images / 'single').glob('*_pose.jpg'))) == 8
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert 'are there already' in again.stdout
    assert 'already trained' in again.stdout
    assert json.loads((tmp_path / 'work' / 'results.json').read_text()) == results
