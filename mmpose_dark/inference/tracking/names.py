"""The table of trackers for command lines. It imports none of them."""

import importlib
from collections.abc import Mapping
from difflib import get_close_matches

from ...utils.errors import InputTypeError, UnknownNameError
from .base import BaseTracker

__all__ = ['TRACKERS', 'make_tracker']

_HOMES = {
    'kalman': ('pose_tracker', 'PoseTracker'),
    'flow': ('flow_tracker', 'FlowTracker'),
}
TRACKERS = tuple(_HOMES)
"""``'kalman'`` predicts where people will be; ``'flow'`` follows what the images show and is slower."""


def make_tracker(name: str, settings: Mapping[str, object] | None = None) -> BaseTracker:
    """Return a new tracker.

    Args:
        name: one of `TRACKERS`.
        settings: arguments of its class.

    Raises:
        UnknownNameError: another name.
        InputTypeError: a setting that it does not have.
        InputError: a setting out of range.

    >>> make_tracker('kalman', dict(max_gap=1.0)).max_gap
    1.0
    """
    if name not in _HOMES:
        near = get_close_matches(name, TRACKERS, 1)
        hint = f'; did you mean {near[0]!r}?' if near else '.'
        raise UnknownNameError(f'tracker {name!r} is not known{hint} There are {", ".join(TRACKERS)}')
    module, cls = _HOMES[name]
    kind = getattr(importlib.import_module(f'{__package__}.{module}'), cls)
    try:
        return kind(**(settings or {}))
    except TypeError as err:
        raise InputTypeError(f'tracker {name!r}: {err}') from err
