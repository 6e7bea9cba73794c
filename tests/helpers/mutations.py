"""Mutations of json files: one change each, drawn from a seed, of every kind that hostile or careless hands make."""

import json

import numpy as np

DEEP = '@deep@'
WRONG = [
    *(None, True, False, 0, -1, 1.5, 1, 12, '12', 'x', '', '0', 'true', '1e5', '１２', 1e300, 1e20, 10**30),
    *(float('nan'), float('inf'), -float('inf'), 'a\0b.jpg', '\ud800', '../../x', 'http://a/b.jpg', DEEP, [DEEP]),
    *([], {}, [[]], [1, 2], {'a': 1}, [None] * 4, ['1', '2', '3', '4'], [1, 2, 3, 4], [[1, 2, 3, 4]]),
]


def nodes(value, path=()) -> list[tuple]:
    """Paths of everything in a document."""
    found = [path]
    if isinstance(value, dict):
        for key, item in value.items():
            found += nodes(item, (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            found += nodes(item, (*path, i))
    return found


def _replaced(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copy


def _without(value, path):
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = _without(value[path[0]], path[1:])
    return copy


def _at(value, path):
    for step in path:
        value = value[step]
    return value


def as_bytes(content) -> bytes:
    """The content as json; DEEP stands for a list in lists, deeper than a parser goes."""
    text = json.dumps(content)
    return text.replace(json.dumps(DEEP), '[' * 100_000 + ']' * 100_000).encode()


def mutated(content, rng: np.random.Generator) -> tuple[str, bytes]:
    """Return what was done, and the bytes of the file.

    Fields that are seldom in a file are as likely as those of its many numbers: the depth is drawn first.
    """
    kind = rng.choice(['value', 'value', 'value', 'value', 'remove', 'twice', 'bytes', 'all'])
    paths = nodes(content)
    depth = rng.integers(0, max(map(len, paths)) + 1)
    paths = [path for path in paths if len(path) == depth]
    path = paths[rng.integers(len(paths))]
    new = WRONG[rng.integers(len(WRONG))]
    if kind == 'bytes':
        return _mutated_bytes(as_bytes(content), rng)
    if kind == 'remove' and path:
        return f'without {path}', as_bytes(_without(content, path))
    if kind == 'twice' and path and isinstance(path[-1], int):
        inside = _at(content, path[:-1])
        return f'twice {path}', as_bytes(_replaced(content, path[:-1], [*inside, inside[path[-1]]]))
    if kind == 'all' and len(path) > 1 and isinstance(path[-1], str) and isinstance(path[-2], int):
        records = [dict(record, **{path[-1]: new}) for record in _at(content, path[:-2])]
        return f'all {path[:-2]} {path[-1]} = {new!r}', as_bytes(_replaced(content, path[:-2], records))
    return f'{path} = {new!r}', as_bytes(_replaced(content, path, new))


def _mutated_bytes(text: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    at = int(rng.integers(len(text)))
    changes = [
        (f'cut at {at}', text[:at]),
        (f'byte {at} changed', text[:at] + bytes([rng.integers(256)]) + text[at + 1 :]),
        (f'NUL at {at}', text[:at] + b'\0' + text[at:]),
        ('BOM', b'\xef\xbb\xbf' + text),
        ('UTF-16', text.decode().encode('utf-16')),
        ('a long number', text.replace(b'1', b'1' * 5000, 1)),
    ]
    return changes[rng.integers(len(changes))]
