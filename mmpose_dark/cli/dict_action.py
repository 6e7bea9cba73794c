"""``--cfg-options a.b=1 c=[1,2]``: settings as words of a command line."""

import argparse
from collections.abc import Sequence

from ..config.options import CommaList
from ..utils.errors import InputError

__all__ = ['DictAction', 'parse_settings', 'parse_value']

Value = int | float | bool | str | None | list['Value'] | tuple['Value', ...]

_BRACKETS = {'(': ')', '[': ']'}
_WORDS = {'true': True, 'false': False}


class DictAction(argparse.Action):
    """Collect ``key=value`` words into a dict; values are read as `parse_value` does.

    The same as mmengine's action of this name, without its imports; what cannot be read is an error of the command
    line instead of a traceback.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[str] | None,
        option_string: str | None = None,
    ) -> None:
        """Add ``values`` to the dict that the namespace has already."""
        words = [values] if isinstance(values, str) else values or ()
        try:
            settings = parse_settings(words)
        except InputError as err:
            raise argparse.ArgumentError(self, str(err)) from err
        setattr(namespace, self.dest, {**(getattr(namespace, self.dest, None) or {}), **settings})


def parse_settings(words: Sequence[str]) -> dict[str, Value]:
    """Read ``key=value`` words, values as `parse_value` does.

    Where the config has a string, values with commas are the string that was typed, see `CommaList`; so is what only
    begins or ends with a quote, or has brackets somewhere within.

    Raises:
        InputError: a word without ``=``, or a value that cannot be read.

    >>> parse_settings(['model.depth=50', 'a=x=y'])
    {'model.depth': 50, 'a': 'x=y'}
    """
    settings = {}
    for word in words:
        key, equals, text = word.partition('=')
        if not equals:
            raise InputError(f'{word!r}: write settings as key=value, such as model.backbone.depth=50')
        try:
            settings[key] = _read(text)
        except InputError as err:
            raise InputError(f'{word!r}: {err}') from err
    return settings


def _read(text: str) -> Value:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in '\'"'
    typed = text[1:-1] if quoted else text
    try:
        value = parse_value(typed if quoted else text)
    except InputError:
        if typed.lstrip().startswith(tuple(_BRACKETS)):
            raise
        return typed
    if isinstance(value, list) and not typed.strip().startswith('['):
        return CommaList(value, typed)
    return typed if isinstance(value, str) else value


def parse_value(text: str) -> Value:
    """Read a number, True or False, None, a list, a tuple, or else a string.

    Brackets and commas make a list, round brackets a tuple; spaces and quotes around an element are left out. Spaces
    within a string stay (mmengine drops them, and with them a space in a path).

    Raises:
        InputError: brackets of a list that do not match.

    >>> parse_value('1e-3'), parse_value('true'), parse_value('data/my images')
    (0.001, True, 'data/my images')
    >>> parse_value('[(1, 2), a, "b"]'), parse_value('1,2')
    ([(1, 2), 'a', 'b'], [1, 2])
    """
    text = text.strip('\'"').strip(' ')
    if text.startswith('(') and text.endswith(')'):
        return tuple(map(parse_value, _split(text[1:-1])))
    if text.startswith('[') and text.endswith(']'):
        return list(map(parse_value, _split(text[1:-1])))
    if ',' not in text:
        return _single(text)
    parts = _split(text)
    if parts == [text]:
        raise InputError(f'{text!r} is neither a list in brackets nor values with commas between them')
    return list(map(parse_value, parts))


def _split(text: str) -> list[str]:
    """Cut at the commas outside of brackets."""
    for opening, closing in _BRACKETS.items():
        if text.count(opening) != text.count(closing):
            raise InputError(f'the brackets {opening}{closing} of {text!r} do not match')
    parts, start = [], 0
    depth = dict.fromkeys(_BRACKETS, 0)
    for position, letter in enumerate(text):
        for opening, closing in _BRACKETS.items():
            depth[opening] += (letter == opening) - (letter == closing)
        if letter == ',' and not any(depth.values()):
            parts.append(text[start:position].strip(' '))
            start = position + 1
    last = text[start:].strip(' ')
    return [*parts, last] if last else parts


def _single(text: str) -> Value:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    if text == 'None':
        return None
    return _WORDS.get(text.lower(), text)
