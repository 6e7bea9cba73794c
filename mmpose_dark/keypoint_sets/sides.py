"""Which side of the body a keypoint's name speaks of, in the ways that names are written."""

import re

__all__ = ['other_side', 'side_of']

_LEFT, _RIGHT = 'left', 'right'
_WORDS = {'left': _LEFT, 'right': _RIGHT, 'lft': _LEFT, 'rgt': _RIGHT, 'l': _LEFT, 'r': _RIGHT}
_SPLIT = re.compile(r'[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])')
_OTHER_LETTER = str.maketrans('lrLR', 'rlRL')
_JOINED = re.compile(r'(left|right)(?=[a-z])|(?<=[a-z])(left|right)$')


def _parts(name: str) -> tuple[str, str]:
    """The side and the rest of a name, in lower case; '' for no side."""
    words = [word.lower() for word in _SPLIT.split(name) if word]
    sides = [i for i, word in enumerate(words) if word in _WORDS]
    # a whole word says more than a letter, which may count something
    sides = [i for i in sides if len(words[i]) > 1] or sides
    if len(sides) == 1 and len(words) > 1:
        return _WORDS[words[sides[0]]], '_'.join(words[: sides[0]] + words[sides[0] + 1 :])
    if sides:
        return '', '_'.join(words)
    joined = '_'.join(words)
    found = _JOINED.search(joined)
    if found is None:
        return '', joined
    return found[1] or found[2], joined[: found.start()] + joined[found.end() :]


def side_of(name: str) -> str:
    """Return ``'left'``, ``'right'`` or, where the name speaks of none, ``''``.

    >>> [side_of(name) for name in ('front_left_paw', 'L_Eye', 'eye.r', 'eye left', 'leftEye', 'nose')]
    ['left', 'left', 'right', 'left', 'left', '']
    """
    return _parts(name)[0]


def other_side(name: str, names: list[str]) -> str:
    """Return the name among ``names`` that is the same on the other side; '' where none is.

    >>> other_side('eye.L', ['nose', 'eye.L', 'eye.R'])
    'eye.R'
    """
    side, rest = _parts(name)
    if not side:  # a letter before the name, as lknee and RElb, says something only if its counterpart is there
        counterpart = name[:1].translate(_OTHER_LETTER) + name[1:]
        return counterpart if len(name) > 2 and counterpart != name and counterpart in names else ''
    return next((other for other in names if _parts(other)[1] == rest and side_of(other) not in ('', side)), '')
