"""What docs/checkpoints.md prints runs as printed."""

import contextlib
import io
import pathlib
import re

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / 'docs' / 'checkpoints.md'


def test_examples(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r'^```python\n(.*?)^```', DOCUMENT.read_text(encoding='utf-8'), re.S | re.M)
    assert len(blocks) == 2
    scope, printed = {}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        for block in blocks:
            exec(block, scope)
    assert "{'meta': {'epoch': 210}}" in printed.getvalue()
    assert 'bad.pth: refused. Loading it would call' in printed.getvalue()
    assert 'this never runs' not in printed.getvalue()


def test_links_lead_somewhere():
    for target in re.findall(r'\]\((\.\./[^)]+)\)', DOCUMENT.read_text(encoding='utf-8')):
        assert (DOCUMENT.parent / target).exists(), target
