"""Whether a value from a config is what a type annotation asks for, and how to say so in words."""

import inspect
import numbers
import os
import types
import typing
from collections.abc import Callable, Collection, Mapping, Sequence

from .pose_registry import call_chain

__all__ = ['fits', 'hints_of', 'in_words']

_WORDS = {bool: 'True or False', int: 'a whole number', float: 'a number', str: 'text', type(None): 'None'}
_PACKAGE = __name__.partition('.')[0]


def fits(value: object, hint: object) -> bool:
    """Say whether a value is what an annotation asks for, as far as a config can be wrong about it.

    Numbers of any library count, 0 and 1 stand for False and True, a list for any sequence. What an annotation says
    beyond the kinds that a config has (a class, a callable) is taken to be right.

    >>> fits(3, int), fits('3', int), fits(2.5, int), fits([1, 2], tuple[int, int]), fits(None, float | None)
    (True, False, False, True, True)
    """
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, part) for part in inside)
    if origin is typing.Literal:
        return value in inside
    kind = origin or hint
    if kind in (None, type(None)):
        return value is None
    if kind is bool:
        return isinstance(value, bool) or (isinstance(value, numbers.Integral) and value in (0, 1))
    if kind in (int, float):
        return isinstance(value, numbers.Integral if kind is int else numbers.Real) and not isinstance(value, bool)
    if kind is str or (isinstance(kind, type) and issubclass(kind, os.PathLike)):
        return isinstance(value, str | os.PathLike)
    if not isinstance(value, str | bool | int | float | list | tuple | Mapping | None):
        return True  # an object that a Python config made
    if isinstance(kind, type) and issubclass(kind, Mapping):
        return isinstance(value, Mapping)
    if isinstance(kind, type) and issubclass(kind, Collection) and kind is not Collection:
        return isinstance(value, list | tuple) and _items_fit(value, kind, inside)
    return True


def _items_fit(value: Sequence, kind: type, inside: tuple) -> bool:
    if kind is tuple and inside and inside[-1] is not Ellipsis:
        return len(value) == len(inside) and all(map(fits, value, inside))
    return not inside or all(fits(item, inside[0]) for item in value)


def in_words(hint: object) -> str:
    """Say in words what an annotation asks for.

    >>> in_words(int | None), in_words(tuple[int, int]), in_words(dict | list[dict])
    ('a whole number or None', 'a list of 2', 'a dict or a list')
    """
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return ' or '.join(dict.fromkeys(in_words(part) for part in inside))
    if origin is typing.Literal:
        return f'one of {", ".join(map(str, inside))}'
    kind = origin or hint
    if kind in _WORDS:
        return _WORDS[kind]
    if isinstance(kind, type) and issubclass(kind, os.PathLike):
        return 'a path'
    if isinstance(kind, type) and issubclass(kind, Mapping):
        return 'a dict'
    if kind is tuple and inside and inside[-1] is not Ellipsis:
        return f'a list of {len(inside)}'
    if isinstance(kind, type) and issubclass(kind, Collection):
        return 'a list'
    return getattr(kind, '__name__', str(kind))


def hints_of(component: Callable) -> dict[str, object]:
    """Return the annotations of what a class or function of this package can be called with, by argument.

    Other packages' annotations are often less than what they take, and are left out.

    >>> hints_of(fits), hints_of(dict)
    ({'value': <class 'object'>, 'hint': <class 'object'>}, {})
    """
    found: dict[str, object] = {}
    for function in call_chain(component):
        if not getattr(function, '__module__', '').startswith(_PACKAGE):
            continue
        try:
            hints = typing.get_type_hints(inspect.unwrap(function))
        except NameError:  # a name that is imported for type checkers alone
            continue
        own = inspect.signature(function).parameters.values()
        open_ended = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
        names = [p.name for p in own if p.kind not in open_ended and p.name in hints]
        found = {name: hints[name] for name in names} | found
    return found
