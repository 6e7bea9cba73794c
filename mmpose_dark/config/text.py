"""A config as Python text that can be read by people and by `Config.fromfile`.

mmengine sends its text through a code formatter, which takes about half a second a time, and time
and again while a run starts.
"""

import inspect
import keyword
import math

from ..utils.errors import InputTypeError

__all__ = ['config_text']

_WIDTH = 120


def config_text(settings: dict[str, object]) -> str:
    """Return ``settings`` as a config file: one assignment a name, in the given order.

    Args:
        settings: dicts, lists, tuples, sets, strings, numbers, booleans, None, classes and functions
            (the last two as their full names, which the registries find).

    Raises:
        TypeError: a value that cannot be written as text and read back.

    >>> print(config_text(dict(lr=0.1, model=dict(type='ResNet', depth=18))), end='')
    lr = 0.1
    model = dict(type='ResNet', depth=18)
    """
    return ''.join(f'{name} = {_literal(value, 0, len(name) + 3)}\n' for name, value in settings.items())


def _literal(value: object, indent: int, used: int) -> str:
    """Return ``value`` as source, broken into lines where one is not enough."""
    if isinstance(value, dict | list | tuple | set | frozenset):
        opening, items, closing = _parts(value)
        flat = ', '.join(prefix + _literal(item, 0, -10_000) for prefix, item in items)
        if isinstance(value, tuple) and len(items) == 1:
            flat += ','
        if not items or indent + used + len(opening) + len(flat) + len(closing) <= _WIDTH:
            return opening + flat + closing
        inner = indent + 4
        lines = [f'{" " * inner}{prefix}{_literal(item, inner, len(prefix) + 1)},\n' for prefix, item in items]
        return f'{opening}\n{"".join(lines)}{" " * indent}{closing}'
    return _atom(value)


def _parts(value: object) -> tuple[str, list[tuple[str, object]], str]:
    """Return the opening, the items with what stands before each, and the closing of a container."""
    if isinstance(value, dict):
        plain = all(isinstance(k, str) and k.isidentifier() and not keyword.iskeyword(k) for k in value)
        if plain:
            return 'dict(', [(f'{k}=', v) for k, v in value.items()], ')'
        return '{', [(f'{_atom(k)}: ', v) for k, v in value.items()], '}'
    if isinstance(value, list):
        return '[', [('', v) for v in value], ']'
    if isinstance(value, tuple):
        return '(', [('', v) for v in value], ')'
    return ('set([' if isinstance(value, set) else 'frozenset(['), [('', v) for v in sorted(value, key=repr)], '])'


def _atom(value: object) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    if value is None or isinstance(value, str | bytes | bool | int | float | complex):
        return repr(value)
    if inspect.isclass(value) or inspect.isroutine(value):
        return repr(f'{value.__module__}.{value.__qualname__}')
    if isinstance(value, tuple):  # a dict's key
        return _literal(value, 0, -10_000)
    raise InputTypeError(
        f'a config cannot hold {value!r} of type {type(value).__name__}: it cannot be written to a file'
    )
