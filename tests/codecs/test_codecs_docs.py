"""What the codec's documents print is true: docstring examples, docs/codecs.md and its figures."""

import contextlib
import io
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_code_blocks_run_and_print_what_they_say():
    text = (ROOT / 'docs/codecs.md').read_text()
    namespace = {}
    blocks = re.findall(r'```python\n(.*?)```', text, re.DOTALL)
    assert len(blocks) >= 3
    for block in blocks:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(block, 'docs/codecs.md', 'exec'), namespace)
        promised = re.findall(r'^print\(.*\)  # (.*)$', block, re.MULTILINE)
        assert printed.getvalue().splitlines() == promised


def test_figures_are_there():
    text = (ROOT / 'docs/codecs.md').read_text()
    for path in re.findall(r'!\[[^\]]*\]\(([^)]+)\)', text):
        assert (ROOT / 'docs' / path).stat().st_size < 150 * 1024, path


@pytest.mark.slow
def test_figures_are_drawn(tmp_path):
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:64, :48]
    maps = np.exp(-((x - 20.3) ** 2 + (y - 31.2) ** 2) / 8) + rng.normal(0, 0.01, (2, 64, 48))
    np.save(tmp_path / 'maps.npy', maps)
    script = str(ROOT / 'tools/docs/codec_figures.py')
    command = [sys.executable, script, '--out-dir', str(tmp_path), '--heatmap', str(tmp_path / 'maps.npy')]
    subprocess.run([*command, '--joint', '1', '--truth', '20.3', '31.2'], check=True)
    assert {p.name for p in tmp_path.glob('codec_*.png')} == {
        'codec_decode_error.png',
        'codec_encoding.png',
        'codec_real_heatmap.png',
    }


@pytest.mark.slow
@pytest.mark.parametrize('name', ['decode', 'encode'])
def test_benchmarks_run(tmp_path, name):
    out = tmp_path / 'out.json'
    command = [sys.executable, str(ROOT / f'tools/benchmarks/{name}.py'), '--repeat', '2', '--out', str(out)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path).stdout
    assert 'speedup' in printed
    assert '"commit"' in out.read_text()
