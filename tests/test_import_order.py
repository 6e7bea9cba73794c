"""Rooms import downwards only, in the order that docs/architecture.md states.

Every import statement counts: those inside functions and those under ``TYPE_CHECKING`` as well, and with ``a.b.c`` the
parent packages ``a`` and ``a.b``, which Python runs too. One mechanism is exempt, because registries are for that: the
places of components that ``registry.py`` lists as strings, and ``utils/setup_env.py``, which imports them all.
"""

import ast
import json
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = ROOT / 'mmpose_dark'
FILES = sorted(f for f in PACKAGE.rglob('*.py') if '.mim' not in f.parts)
BY_STRING = {'registry.py', 'utils/setup_env.py'}


def stated_order() -> list[str]:
    """Read the rooms from the list below the heading "The rooms, in their order"."""
    page = (ROOT / 'docs' / 'architecture.md').read_text(encoding='utf-8')
    block = re.search(r'^## The rooms, in their order$.*?^```text\nmmpose_dark/\n(.*?)^```', page, re.M | re.S)
    assert block, 'docs/architecture.md has no list ```text of mmpose_dark/ below "## The rooms, in their order"'
    return re.findall(r'^  (\w+)(?:/|\.py) ?', block[1], re.M)


ORDER = stated_order()


def room_of(module: str) -> str | None:
    """Return the room of ``mmpose_dark.room.more``, None for the package itself and for other packages."""
    parts = module.split('.')
    return parts[1] if parts[0] == 'mmpose_dark' and len(parts) > 1 else None


def imported(source: str, package: tuple[str, ...]) -> list[tuple[int, str]]:
    """Return line and full name of all that a file of a package imports; ``from a import b`` may be the module ``a.b``.

    The room of the full name is that of all its parents too, as they begin with ``mmpose_dark.room``.
    """
    out = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            out += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            full = '.'.join([*base, *([node.module] if node.module else [])])
            out += [(node.lineno, f'{full}.{alias.name}') for alias in node.names]
    return out


def own_room(path: pathlib.Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix('.py')


def test_the_order_names_every_room_once() -> None:
    rooms = {own_room(path) for path in FILES} - {'__init__', '__main__'}
    assert len(ORDER) == len(set(ORDER))
    assert set(ORDER) == rooms


def test_rooms_import_downwards_only() -> None:
    wrong = []
    for path in FILES:
        own = own_room(path)
        if own == '__main__':  # `python -m mmpose_dark`, above all rooms
            continue
        level = -1 if own == '__init__' else ORDER.index(own)
        package = ('mmpose_dark', *path.relative_to(PACKAGE).parts[:-1])
        for line, module in imported(path.read_text(encoding='utf-8'), package):
            room = room_of(module)
            if own == '__init__':  # of the package, which runs before every room: only the two lowest
                upwards = room not in (None, 'version', 'utils')
            else:
                upwards = room in ORDER and room != own and ORDER.index(room) > level
            if upwards:
                wrong.append(f'{path.relative_to(ROOT)}:{line} imports {module}')
    assert not wrong, '\n'.join(wrong)


def test_no_import_is_overlooked() -> None:
    source = """
import mmpose_dark.engine.hooks as h
from .. import registry
from ..config.tree import dataset_of
from . import layers
if TYPE_CHECKING:
    from mmpose_dark import apis
def late():
    from mmpose_dark.zoo.rows import row
"""
    names = [module for _, module in imported(source, ('mmpose_dark', 'models'))]
    assert names == [
        'mmpose_dark.engine.hooks', 'mmpose_dark.registry', 'mmpose_dark.config.tree.dataset_of',
        'mmpose_dark.models.layers', 'mmpose_dark.apis', 'mmpose_dark.zoo.rows.row',
    ]  # fmt: skip
    rooms = ['engine', 'registry', 'config', 'models', 'apis', 'zoo']
    assert [room_of(module) for module in names] == rooms


def test_no_room_is_imported_by_its_name_in_a_string() -> None:
    """Otherwise a wrong direction could hide in ``importlib.import_module``."""
    wrong = []
    for path in FILES:
        if path.relative_to(PACKAGE).as_posix() in BY_STRING:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if not isinstance(node, ast.Call) or ast.unparse(node.func).split('.')[-1] not in (
                'import_module',
                'lazy_names',
            ):
                continue
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and 'mmpose_dark' in part.value:
                    wrong.append(f'{path.relative_to(ROOT)}:{part.lineno}: {part.value!r}')
    assert not wrong, '\n'.join(wrong)


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a fresh interpreter has after a statement."""
    code = f'{statement}\nimport sys\nprint(*sys.modules)'
    return set(subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout.split())


def test_importing_a_room_runs_no_room_above_it() -> None:
    """From the lowest to the highest in one interpreter: what was loaded before a room is below it."""
    code = """
import importlib, json, sys
after = {}
for room in sys.argv[1:]:
    importlib.import_module(f'mmpose_dark.{room}')
    after[room] = list(sys.modules)
print(json.dumps(after))
"""
    rooms = [room for room in ORDER if (PACKAGE / room).is_dir()]
    done = subprocess.run([sys.executable, '-c', code, *rooms], capture_output=True, text=True, check=True)
    for room, modules in json.loads(done.stdout).items():
        loaded = {room_of(module) for module in modules} - {None}
        assert room in loaded
        assert not loaded & set(ORDER[ORDER.index(room) + 1 :]), room


@pytest.mark.parametrize('room', ['structures', 'keypoint_sets', 'annotations', 'config', 'cli'])
def test_the_light_rooms_need_neither_torch_nor_mmengine(room: str) -> None:
    assert not loaded_by(f'import mmpose_dark.{room}') & {'torch', 'mmengine', 'mmcv'}
