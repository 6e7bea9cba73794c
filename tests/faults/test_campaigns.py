"""The campaigns of ``make faults``, each a few tries; `docs/reliability.md` names each."""

import importlib
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / 'tools' / 'faults'
pytestmark = pytest.mark.skipif(not sys.platform.startswith('linux'), reason='the campaigns are for Linux')


@pytest.fixture
def campaigns(monkeypatch):
    names = [path.stem for path in FOLDER.glob('*.py')]
    others = {name: sys.modules.pop(name) for name in names if name in sys.modules}  # packages of the same name
    monkeypatch.syspath_prepend(str(FOLDER))
    import run

    yield {name: getattr(importlib.import_module(file), what) for name, (file, what, _) in run.CAMPAIGNS.items()}
    for name in names:
        sys.modules.pop(name, None)
    sys.modules.update(others)


@pytest.mark.parametrize(
    ('name', 'tries'),
    [
        ('checkpoints', 150), ('downloads', 20), ('other_resumes', 3), ('not_finite', 3), ('names', 30),
        ('configs', 20), ('images', 200), ('annotations', 60),
    ],
)  # fmt: skip
def test_quick_campaigns(campaigns, name, tries, tmp_path, monkeypatch):
    from mmpose_dark.checkpoint import download_checkpoint

    monkeypatch.setattr(sys.modules[download_checkpoint.__module__], '_WAITS', (0.0, 0.0))
    found = campaigns[name](tries, 7, tmp_path)
    assert (found.survived, found.failures) == (tries, [])


@pytest.mark.slow
@pytest.mark.parametrize('name', ['kills_of_one', 'kills_of_two', 'frozen', 'full_disks', 'concurrent'])
def test_long_campaigns(campaigns, name, tmp_path):
    if name == 'full_disks' and os.geteuid() != 0:
        pytest.skip('small disks need root')
    found = campaigns[name](2, 7, tmp_path)
    assert found.survived == found.tries == 2, found.failures


def test_the_document_names_each_campaign(campaigns):
    text = (ROOT / 'docs' / 'reliability.md').read_text()
    assert all(f'`{name}`' in text for name in campaigns)
