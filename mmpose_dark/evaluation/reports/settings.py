"""Which settings of two tests differ."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

__all__ = ['Difference', 'differing_settings', 'flat']

_NO_SETTINGS = ('path', 'source', 'config', 'bytes', 'ann_file', 'bbox_file', 'time', 'experiment_name')
"""Names and sizes of files: what is in them is told by their hashes."""


class Difference(NamedTuple):
    """A setting that differs.

    Attributes:
        place: in the protocol, as ``test_cfg.shift_heatmap``.
        first: its value in the first test, None where it has none.
        second: in the second.
    """

    place: str
    first: object
    second: object


def differing_settings(first: Mapping[str, object], second: Mapping[str, object]) -> list[Difference]:
    """Return the settings in which two protocols differ, in the order of the first.

    Names of files do not count, their content (``sha256``) does.

    >>> differing_settings(dict(codec=dict(unbiased=True, sigma=2)), dict(codec=dict(unbiased=False, sigma=2)))
    [Difference(place='codec.unbiased', first=True, second=False)]
    """
    one, other = dict(flat(first)), dict(flat(second))
    places = dict.fromkeys([*one, *other])
    return [
        Difference(place, one.get(place), other.get(place))
        for place in places
        if one.get(place) != other.get(place) and place.rpartition('.')[2] not in _NO_SETTINGS
    ]


def flat(settings: object, place: str = '') -> Iterator[tuple[str, object]]:
    """Yield every value of nested settings with its place; short lists of numbers are one value.

    >>> list(flat(dict(a=dict(b=1), c=[dict(d=2)], e=[3, 4])))
    [('a.b', 1), ('c.0.d', 2), ('e', [3, 4])]
    """
    if isinstance(settings, Mapping):
        inside = settings.items()
    elif isinstance(settings, list | tuple) and any(isinstance(value, Mapping | list | tuple) for value in settings):
        inside = enumerate(settings)
    else:
        yield place, settings
        return
    for key, value in inside:
        yield from flat(value, f'{place}.{key}' if place else str(key))
