"""docs/coming_from_mmpose.md: what its tables say is here is here, and what they say is not is not."""

import importlib
import pathlib
import re

import pytest

from mmpose_dark import registry
from mmpose_dark.config.mmpose_parts import ABSENT, said_of
from mmpose_dark.utils.pose_registry import PoseRegistry

PAGE = (pathlib.Path(__file__).resolve().parents[2] / 'docs' / 'coming_from_mmpose.md').read_text()
REGISTRIES = [made for made in vars(registry).values() if isinstance(made, PoseRegistry)]


def rows(heading: str) -> list[list[str]]:
    section = PAGE.split(f'\n## {heading}\n')[1].split('\n## ')[0]
    cells = [line.strip('|').split('|') for line in section.splitlines() if line.startswith('|')]
    return [[cell.strip() for cell in row] for row in cells[2:]]


HERE = [(old.strip('`'), new.strip('`')) for old, new, _ in rows('What runs as it is')]
NOT_HERE = {name: sentence for names, sentence in rows('What is not here') for name in re.findall('`(.+?)`', names)}


def look_up(name: str) -> object:
    module, _, last = name.rpartition('.')
    return getattr(importlib.import_module(module), last)


@pytest.mark.parametrize(('old', 'new'), HERE)
def test_what_is_here(old: str, new: str) -> None:
    assert new == old.replace('mmpose', 'mmpose_dark', 1)
    assert look_up(new) is not None


def test_what_differs_is_said_in_full() -> None:
    for row in rows('What is different on purpose'):
        assert len(row) == 4
        assert all(row)


def test_the_tables_of_what_is_not_here_agree() -> None:
    assert NOT_HERE == ABSENT


@pytest.mark.parametrize('name', sorted(ABSENT))
def test_what_is_not_here(name: str) -> None:
    assert not [made.name for made in REGISTRIES if made.get(name) is not None]
    assert ABSENT[name] in said_of(name)


@pytest.mark.parametrize('name', re.findall(r'`mmpose\.(.+?)`', PAGE.split('\nNot here as functions')[1]))
def test_functions_that_are_not_here(name: str) -> None:
    with pytest.raises((ImportError, AttributeError)):
        look_up(f'mmpose_dark.{name}')
