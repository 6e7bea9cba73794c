"""The table of smoothers for command lines. It imports none of them."""

import importlib
from collections.abc import Mapping
from difflib import get_close_matches

from ...utils.errors import InputTypeError, UnknownNameError
from .base import BaseSmoother, BaseTrackSmoother

__all__ = ['SMOOTHERS', 'make_smoother']

_HOMES = {
    'one-euro': ('one_euro', 'OneEuroSmoother'),
    'kalman': ('kalman_smoother', 'KalmanSmoother'),
    'two-pass': ('two_pass', 'TwoPassSmoother'),
}
SMOOTHERS = tuple(_HOMES)
"""``'one-euro'`` and ``'kalman'`` know the frames before, ``'two-pass'`` the whole video."""


def make_smoother(name: str, settings: Mapping[str, object] | None = None) -> BaseSmoother | BaseTrackSmoother:
    """Return a new smoother.

    Args:
        name: one of `SMOOTHERS`.
        settings: arguments of its class.

    Raises:
        UnknownNameError: another name.
        InputTypeError: a setting that it does not have.
        InputError: a setting out of range.

    >>> make_smoother('one-euro', dict(beta=2.0)).beta
    2.0
    """
    if name not in _HOMES:
        near = get_close_matches(name, SMOOTHERS, 1)
        hint = f'; did you mean {near[0]!r}?' if near else ''
        raise UnknownNameError(f'smoother {name!r} is not known{hint} There are {", ".join(SMOOTHERS)}')
    module, cls = _HOMES[name]
    kind = getattr(importlib.import_module(f'{__package__}.{module}'), cls)
    try:
        return kind(**(settings or {}))
    except TypeError as err:
        raise InputTypeError(f'smoother {name!r}: {err}') from err
