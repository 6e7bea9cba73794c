"""How long processes and machines wait for each other, as the environment says."""

import os

from .errors import InputError

__all__ = [
    'HANG_SECONDS',
    'HANG_VARIABLE',
    'MEETING_SECONDS',
    'MEETING_VARIABLE',
    'NODE_SECONDS',
    'NODE_VARIABLE',
    'seconds_of',
]

HANG_VARIABLE, HANG_SECONDS = 'MMPOSE_DARK_HANG_TIMEOUT', 600.0
"""Without a sign of life after which a process counts as frozen."""
NODE_VARIABLE, NODE_SECONDS = 'MMPOSE_DARK_NODE_TIMEOUT', 15.0
"""Without a sign of life after which a machine counts as lost."""
MEETING_VARIABLE, MEETING_SECONDS = 'MMPOSE_DARK_MEETING_TIMEOUT', 600.0
"""That machines, or processes that something else started, wait for each other at the beginning."""


def seconds_of(variable: str, default: float) -> float:
    """Return the seconds that an environment variable says, or the default where it is not set, or empty.

    Raises:
        InputError: it says something else.

    >>> seconds_of('NO_SUCH_VARIABLE', 5.0)
    5.0
    """
    value = os.environ.get(variable, '')
    if value and not value.replace('.', '', 1).isdecimal():
        raise InputError(f'{variable}={value}: seconds are needed, a number from 0 on, such as {default:g}')
    return float(value) if value else default
