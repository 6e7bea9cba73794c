"""The ablation: a whole small table, what it compares, and that it goes on where it was."""

import json

import numpy as np
import pytest

ENCODINGS = ['--encodings', 'biased', 'udp', '--kernels', '3', '--seeds', '0', '1', '--epochs', '1']


@pytest.fixture
def ablation(monkeypatch):
    import importlib
    import pathlib

    monkeypatch.syspath_prepend(str(pathlib.Path(__file__).parents[2] / 'tools' / 'analysis_tools'))
    return importlib.import_module('ablation')


def test_what_is_compared(ablation):
    keys = [
        ('net', 'biased', 'quarter-pixel'),
        ('net', 'biased', 'DARK, kernel 3'),
        ('net', 'unbiased', 'quarter-pixel'),
        ('net', 'unbiased', 'DARK, kernel 3'),
        ('net', 'udp', 'UDP, kernel 3'),
        ('other', 'udp', 'UDP, kernel 3'),
    ]
    compared = [what for what, *_ in ablation.comparisons_of(dict.fromkeys(keys))]
    assert compared == [
        'net, biased: DARK, kernel 3 against quarter-pixel',
        'net, unbiased: DARK, kernel 3 against quarter-pixel',
        'net, quarter-pixel: unbiased against biased',
        'net, DARK, kernel 3: unbiased against biased',
        'net, UDP, kernel 3: udp against biased',
    ]


def test_means_spread_and_differences_are_over_seeds(ablation):
    rows = {
        ('net', 'biased', 'quarter-pixel'): {0: dict(AP=0.25), 1: dict(AP=0.75)},
        ('net', 'biased', 'DARK, kernel 3'): {0: dict(AP=0.5), 1: dict(AP=1.0)},
    }
    assert f'0.5000 ± {np.std([0.25, 0.75], ddof=1):.4f}' in ablation.table_of(rows, ['AP'])
    assert '+0.2500 [+0.2500, +0.2500], p 0' in ablation.differences_of(rows, ['AP'])


@pytest.mark.slow
def test_a_table_is_made_once(tiny_config, run_tool, tmp_path):
    options = [tiny_config, *ENCODINGS, '--work-dir', tmp_path / 'runs']
    first = run_tool('analysis_tools/ablation.py', *options)
    assert 'tiny, biased: DARK, kernel 3 against quarter-pixel' in first
    rows = json.loads((tmp_path / 'runs' / 'ablation.json').read_text())
    assert {(row['encoding'], row['seed']) for row in rows} == {(e, s) for e in ('biased', 'udp') for s in (0, 1)}
    checkpoints = {path: path.stat().st_mtime_ns for path in (tmp_path / 'runs').rglob('*.pth')}
    (tmp_path / 'runs' / 'tiny' / 'udp' / 'seed_1' / 'decoders.json').unlink()  # as if it had been stopped here
    again = run_tool('analysis_tools/ablation.py', *options)
    assert 'Epoch(train)' not in again
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / 'runs').rglob('*.pth')} == checkpoints
    assert json.loads((tmp_path / 'runs' / 'ablation.json').read_text()) == rows
    other = run_tool(
        'analysis_tools/ablation.py', *options, '--cfg-options', 'optim_wrapper.optimizer.lr=0.1', status=2
    )
    assert 'another --work-dir' in other
    assert 'Traceback' not in other
