"""The table of trackers for command lines. It imports none of them."""

from collections.abc import Mapping

from ...utils.part_table import PartTable
from .base import BaseTracker

__all__ = ['TRACKERS', 'make_tracker']

_TABLE = PartTable(
    'tracker',
    __package__,
    {
        'kalman': ('pose_tracker', 'PoseTracker'),
        'flow': ('flow_tracker', 'FlowTracker'),
    },
)
TRACKERS = _TABLE.names
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
    return _TABLE.make(name, settings)
