"""Variables of a config: names at its top that no program reads, only the config itself, when it is read."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from .errors import ConfigError
from .names import TOP_LEVEL, VARIABLES

__all__ = ['assigned_names', 'check_overridden', 'is_variable', 'keys_named', 'stale_places']

_MOST = 4  # places that a message names
_Path = tuple[str | int, ...]


def is_variable(name: str) -> bool:
    """Tell whether nothing but the config reads a name at its top.

    >>> is_variable('data_root'), is_variable('codec'), is_variable('model')
    (True, True, False)
    """
    return name not in TOP_LEVEL or name in VARIABLES


def _walk(value: object, path: _Path = ()) -> Iterator[tuple[_Path, object]]:
    """Yield everything in the sections of a config with its place, outermost first; variables are left out."""
    if path:
        yield path, value
    if isinstance(value, Mapping):
        for key, item in value.items():
            if path or not is_variable(str(key)):
                yield from _walk(item, (*path, key))
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            yield from _walk(item, (*path, i))


def _dotted(path: _Path) -> str:
    return '.'.join(map(str, path))


def keys_named(cfg: Mapping[str, object], name: str) -> list[str]:
    """Return where in the sections of a config a key is called ``name``, at most four places.

    >>> keys_named(dict(train_cfg=dict(max_epochs=3)), 'max_epochs')
    ['train_cfg.max_epochs']
    """
    return [_dotted(path) for path, _ in _walk(cfg) if path[-1] == name][:_MOST]


def stale_places(name: str, before: Mapping[str, object], after: Mapping[str, object]) -> tuple[list[str], list[str]]:
    """Look for what was made of a variable.

    Args:
        name: of the variable.
        before: the config.
        after: the config with another value of the variable.

    Returns:
        Where its value still stands afterwards, at most four places, and where it stood before.

    >>> before = dict(codec=dict(sigma=2), model=dict(head=dict(decoder=dict(sigma=2))))
    >>> stale_places('codec', before, {**before, 'codec': dict(sigma=3)})
    (['model.head.decoder'], ['model.head.decoder'])
    """
    old = before[name]
    paths = [path for path, value in _walk(before) if _made_of(path, value, name, old)]
    inner = {path for path in paths for other in paths if other != path and path[: len(other)] == other}
    paths = [path for path in paths if path not in inner]
    known = dict(_walk(after))
    was = dict(_walk(before))
    stale = [_dotted(path) for path in paths if path in known and known[path] == was[path]]
    return stale[:_MOST], [_dotted(path) for path in paths]


def _made_of(path: _Path, value: object, name: str, old: object) -> bool:
    """Tell whether a value is a variable's, or begins with it; numbers stand everywhere, so their name counts too."""
    if isinstance(old, str) and old:
        return isinstance(value, str) and value.startswith(old) and (path[-1] == name or len(old) > 2)
    if isinstance(old, Mapping | list | tuple) and old:
        return value == old
    return path[-1] == name and value == old


def assigned_names(file: Path) -> list[str]:
    """Return the names that a Python file gives values at its top."""
    names = []
    for node in ast.parse(file.read_text(encoding='utf-8')).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        names += [target.id for target in targets if isinstance(target, ast.Name)]
    return names


def check_overridden(file: Path, names: list[str], base: Mapping[str, object], cfg: Mapping[str, object]) -> None:
    """Refuse a config that gives a variable of its bases another value, after the bases have used it.

    Args:
        file: of the config, for the message.
        names: that the config gives values.
        base: what it is based on.
        cfg: the whole of it.

    Raises:
        ConfigError: the old value still stands in a section.
    """
    for name in names:
        if not is_variable(name) or name not in base or name not in cfg or base[name] == cfg[name]:
            continue
        places, _ = stale_places(name, base, cfg)
        if places:
            raise ConfigError(
                f'config {file}: {name}: the files it is based on have used their own value already, so that this one '
                f'has no effect in {", ".join(places)}; set it there'
            )
