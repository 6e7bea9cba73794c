"""docs/datasets.md: its commands are understood, its paths exist, its list of checks is the code's."""

import ast
import importlib.util
import pathlib
import re
import shlex
import sys

import pytest

from mmpose_dark import data_check as checks

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = (ROOT / 'docs' / 'datasets.md').read_text(encoding='utf-8')
COMMANDS = [
    shlex.split(line)
    for block in re.findall(r'^```bash\n(.*?)^```', TEXT, re.S | re.M)
    for line in block.replace('\\\n', ' ').splitlines()
]


@pytest.mark.parametrize('command', COMMANDS, ids=lambda words: f'{words[1]} {len(words)}')
def test_commands_are_understood(command, monkeypatch):
    assert command[0] == 'python'
    script = ROOT / command[1]
    monkeypatch.syspath_prepend(str(script.parent))
    spec = importlib.util.spec_from_file_location(script.stem, script)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, script.stem, module)
    spec.loader.exec_module(module)
    sys.modules[module.main.__module__].parse_args(command[2:])
    for word in command[2:]:
        assert not word.startswith('configs/') or (ROOT / word).is_file()


def test_every_converter_is_described():
    for script in (ROOT / 'tools' / 'dataset_converters').glob('*.py'):
        if 'if __name__' in script.read_text():
            assert f'tools/dataset_converters/{script.name}' in TEXT


def test_links_lead_somewhere():
    headings = {re.sub(r'[^a-z0-9 -]', '', h.lower()).replace(' ', '-') for h in re.findall(r'^## (.*)', TEXT, re.M)}
    for target in re.findall(r'\]\(([^)]+)\)', TEXT):
        path, _, anchor = target.partition('#')
        assert not path or (ROOT / 'docs' / path).is_file(), target
        assert not anchor or anchor in headings, target


def test_layouts_are_those_of_the_datasets_and_configs():
    for part in (ROOT / 'configs/_base_/datasets').glob('*.py'):
        for name in re.findall(r"'(?:annotations|person_detection_results)/([\w.-]+)'", part.read_text()):
            assert name in TEXT, f'{name} of {part.name}'


def test_the_table_lists_all_checks():
    names = set()
    for file in pathlib.Path(checks.__path__[0]).glob('*.py'):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
                name = node.args[CALLS[node.func.id]]
                if isinstance(name, ast.Constant):
                    names.add(name.value)
    rows = re.findall(r'^\| (`.*?) \|', TEXT, re.M)
    listed = {name for row in rows for name in re.findall(r'`([a-z-]+)`', row)}
    assert len(names) > 40
    assert names == listed


CALLS = {'found': 1, '_about': 1, '_repeated': 2}
"""Functions that make findings, and which of their arguments is the check's name."""
