"""What docs/metrics.md prints is what its blocks print, and every metric is in it."""

import contextlib
import io
import pathlib
import re

import pytest

from mmpose_dark.evaluation import metrics
from mmpose_dark.registry import METRICS

PAGE = pathlib.Path(__file__).resolve().parents[2] / 'docs/metrics.md'


def test_blocks_print_what_stands_below(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r'```python\n(.*?)```\n+(?:```text\n(.*?)```)?', PAGE.read_text(), re.S)
    assert len(blocks) >= 6
    names: dict = {'__name__': 'metrics_page'}
    try:
        for code, printed in blocks:
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(code, str(PAGE), 'exec'), names)
            assert out.getvalue() == printed, code
    finally:
        METRICS.module_dict.pop('MeanKeypointScore', None)


@pytest.mark.parametrize('name', [n for n in metrics.__all__ if n[0].isupper()])
def test_page_names_every_metric(name):
    assert f'`{name}`' in PAGE.read_text()


def test_links_lead_somewhere():
    text = PAGE.read_text()
    anchors = {re.sub(r'[^a-z0-9 -]', '', h.lower()).replace(' ', '-') for h in re.findall(r'^#+ (.*)$', text, re.M)}
    assert set(re.findall(r'\]\(#(.*?)\)', text)) <= anchors
