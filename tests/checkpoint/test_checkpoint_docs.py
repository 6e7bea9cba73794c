"""What docs/checkpoints.md prints runs as printed."""

import contextlib
import io
import pathlib
import re

from mmpose_dark.checkpoint.families import base, families

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / 'docs' / 'checkpoints.md'


def test_examples(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(base, '_TABLE', dict(base._TABLE))
    blocks = re.findall(r'^```python\n(.*?)^```', DOCUMENT.read_text(encoding='utf-8'), re.S | re.M)
    assert len(blocks) == 3
    scope, printed = {}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        for block in blocks:
            exec(block, scope)
    assert "{'meta': {'epoch': 210}}" in printed.getvalue()
    assert 'bad.pth: refused. Loading it would call' in printed.getvalue()
    assert 'this never runs' not in printed.getvalue()


def test_every_family_is_in_the_table():
    table = DOCUMENT.read_text(encoding='utf-8').replace('|', ',')
    assert [family.projects for family in families() if f', {family.projects} ,' not in table] == []


def test_links_lead_somewhere():
    for target in re.findall(r'\]\((\.\./[^)]+)\)', DOCUMENT.read_text(encoding='utf-8')):
        assert (DOCUMENT.parent / target).exists(), target
