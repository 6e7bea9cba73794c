"""Parts of a package by the names that command lines have for them; none is imported before it is asked for."""

import importlib
from collections.abc import Mapping

from .errors import InputTypeError, UnknownNameError
from .nearest import nearest

__all__ = ['PartTable']


class PartTable:
    """Name of a part -> the module and the class that it is.

    Args:
        kind: what the parts are, for messages: 'tracker', 'format'.
        package: that the modules are in.
        homes: name -> module and class.

    >>> table = PartTable('decoder', 'json', {'plain': ('decoder', 'JSONDecoder')})
    >>> table.names, table.find('plain')
    (('plain',), <class 'json.decoder.JSONDecoder'>)
    >>> table.find('plane')
    Traceback (most recent call last):
        ...
    mmpose_dark.utils.errors.UnknownNameError: no decoder 'plane'; did you mean 'plain'? There are plain
    """

    def __init__(self, kind: str, package: str, homes: Mapping[str, tuple[str, str]]) -> None:
        self.kind, self.package, self.homes = kind, package, homes
        self.names = tuple(homes)

    def find(self, name: str) -> type:
        """Return the class.

        Raises:
            UnknownNameError: another name.
        """
        if name not in self.homes:
            hint = nearest(name, list(self.names)) or '.'
            raise UnknownNameError(f'no {self.kind} {name!r}{hint} There are {", ".join(self.names)}')
        module, cls = self.homes[name]
        return getattr(importlib.import_module(f'{self.package}.{module}'), cls)

    def make(self, name: str, settings: Mapping[str, object] | None = None) -> object:
        """Return a new part.

        Args:
            name: of it.
            settings: arguments of its class.

        Raises:
            UnknownNameError: another name.
            InputTypeError: a setting that it does not have.
            InputError: a setting out of range.
        """
        kind = self.find(name)
        try:
            return kind(**(settings or {}))
        except TypeError as err:
            raise InputTypeError(f'{self.kind} {name!r}: {err}') from err
