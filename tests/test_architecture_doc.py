"""docs/architecture.md names what is there, in the order that it states."""

import pathlib
import re

from mmpose_dark import registry

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = (ROOT / 'docs' / 'architecture.md').read_text(encoding='utf-8')
BASES = [ROOT, ROOT / 'mmpose_dark', ROOT / 'configs' / '_base_', ROOT / 'docs']


def test_the_page_can_be_read_at_once() -> None:
    assert len(PAGE.splitlines()) <= 220
    assert max(len(line) for line in PAGE.splitlines() if not line.startswith('|')) <= 120


def test_files_and_folders_that_it_names_are_there() -> None:
    named = set(re.findall(r'`([\w./*-]+/(?:[\w.*-]+)?|[\w/*-]+\.(?:py|md|yml))`', PAGE))
    assert len(named) > 20
    assert not [name for name in named if not any(list(base.glob(name.rstrip('/'))) for base in BASES)]


def test_registries_that_it_names_exist() -> None:
    for name in re.findall(r'`([A-Z_]{5,})\.register_module', PAGE):
        assert hasattr(registry, name)
