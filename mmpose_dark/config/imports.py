"""``custom_imports``: the modules with the user's own components."""

import importlib
from collections.abc import Mapping, Sequence

from ..utils.nearest import nearest
from .errors import ConfigError
from .mmpose_parts import MODULES

__all__ = ['import_modules']


def import_modules(section: object, *, source: str) -> None:
    """Import what a config's ``custom_imports`` names.

    Modules of mmpose whose components have counterparts here need no import: the registries find these.

    Args:
        section: ``dict(imports=..., allow_failed_imports=False)``, or None.
        source: the config, for messages.

    Raises:
        ConfigError: a module cannot be imported, unless ``allow_failed_imports`` says that it need not.

    >>> import_modules(dict(imports=['mmpose_dark.models.utils.ops']), source='a.py')
    >>> import_modules(dict(imports='nowhere'), source='a.py')
    Traceback (most recent call last):
        ...
    mmpose_dark.config.errors.ConfigError: a.py: custom_imports: 'nowhere' cannot be imported (ModuleNotFoundError: ...
    """
    if section is None:
        return
    if not isinstance(section, Mapping) or 'imports' not in section:
        raise ConfigError(f"{source}: custom_imports should be dict(imports=['my_module']), not {section!r}")
    names = section['imports']
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise ConfigError(f'{source}: custom_imports.imports should be names of modules, not {names!r}')
    for name in names:
        _import(name, source, allowed_to_fail=bool(section.get('allow_failed_imports', False)))


def _import(name: str, source: str, *, allowed_to_fail: bool) -> None:
    try:
        importlib.import_module(name)
    except Exception as err:  # a module is a program: anything may happen in it
        own = name.removeprefix('mmpose_dark.')
        if isinstance(err, ModuleNotFoundError) and own != name and own in MODULES:
            return
        if not allowed_to_fail:
            near = nearest(own, list(MODULES)) if own != name else '; is its folder in PYTHONPATH?'
            raise ConfigError(
                f'{source}: custom_imports: {name!r} cannot be imported ({type(err).__name__}: {err}){near}'
            ) from err
