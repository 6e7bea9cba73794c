"""Packages whose names are imported on first use (PEP 562): one light module of theirs does not load the rest."""

import importlib
from collections.abc import Callable, Mapping

__all__ = ['lazy_names']


def lazy_names(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a package.

    Args:
        package: its ``__name__``.
        homes: public name -> module of the package that has it.

    >>> get, names = lazy_names('json', {'JSONDecoder': 'decoder'})
    >>> names(), get('JSONDecoder')
    (['JSONDecoder'], <class 'json.decoder.JSONDecoder'>)
    """

    def get(name: str) -> object:
        if name not in homes:
            raise AttributeError(f'module {package!r} has no attribute {name!r}')
        return getattr(importlib.import_module(f'{package}.{homes[name]}'), name)

    def names() -> list[str]:
        return sorted(homes)

    return get, names
