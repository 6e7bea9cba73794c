"""Finding a config by its path or by its name, from any working directory."""

import difflib
from functools import lru_cache
from pathlib import Path

from .errors import ConfigError

__all__ = ['config_root', 'find_config', 'list_configs', 'shipped_folders']

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped_folders() -> tuple[Path, Path]:
    """Return where ``configs`` and ``model-index.yml`` may be: in an installed package, and beside it in a clone."""
    return _PACKAGE / '.mim', _PACKAGE.parent


def config_root() -> Path:
    """Return the folder of the configs that came with the package: of the clone, or of the installation.

    Raises:
        ConfigError: the package was installed without them.
    """
    for folder in shipped_folders():
        if (folder / 'configs' / '_base_').is_dir():
            return folder / 'configs'
    raise ConfigError(
        f'mmpose_dark at {_PACKAGE} has no configs beside it; install it again, or give the path of a config'
    )


@lru_cache(maxsize=1)
def _by_name() -> dict[str, list[Path]]:
    names: dict[str, list[Path]] = {}
    root = config_root()
    for path in sorted(root.rglob('*.py')):
        if '_base_' not in path.relative_to(root).parts:
            names.setdefault(path.stem, []).append(path)
    return names


def list_configs() -> list[str]:
    """Return the names of all configs that came with the package, sorted.

    >>> all(find_config(name).is_file() for name in list_configs()[:3])
    True
    """
    return sorted(_by_name())


def find_config(name: str | Path) -> Path:
    """Return the file of a config.

    Args:
        name: in this order: a path from the working directory; a path from the folder that holds
            ``configs``, or from ``configs`` itself; the name of a config there, with or without ``.py``.

    Returns:
        An existing file.

    Raises:
        ConfigError: nothing is found (the message has the nearest names), or several files have the name.
    """
    path = Path(name).expanduser()
    if path.is_file():
        return path
    root = config_root()
    for candidate in (root.parent / path, root / path):
        if not path.is_absolute() and candidate.is_file():
            return candidate
    names = _by_name()
    found = names.get(path.stem if path.suffix == '.py' else path.name, []) if len(path.parts) == 1 else []
    if len(found) == 1:
        return found[0]
    if found:
        places = ', '.join(str(p.relative_to(root.parent)) for p in found)
        raise ConfigError(f'config {str(name)!r} is ambiguous; give the path of one of {places}')
    close = difflib.get_close_matches(path.stem if path.suffix == '.py' else path.name, list(names), n=3, cutoff=0.4)
    hint = f'; did you mean {" or ".join(map(repr, close))}?' if close else ''
    raise ConfigError(
        f'config {str(name)!r} not found: no such file from {Path.cwd()}, and no config of that name in {root}{hint}'
    )
