"""The table of smoothers for command lines. It imports none of them."""

from collections.abc import Mapping

from ...utils.part_table import PartTable
from .base import BaseSmoother, BaseTrackSmoother

__all__ = ['SMOOTHERS', 'make_smoother']

_TABLE = PartTable(
    'smoother',
    __package__,
    {
        'one-euro': ('one_euro', 'OneEuroSmoother'),
        'kalman': ('kalman_smoother', 'KalmanSmoother'),
        'two-pass': ('two_pass', 'TwoPassSmoother'),
    },
)
SMOOTHERS = _TABLE.names
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
    return _TABLE.make(name, settings)
