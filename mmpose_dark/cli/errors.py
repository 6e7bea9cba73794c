"""How a program tells its user what went wrong."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..utils.errors import UserError
from .status import INTERRUPTED, USER_ERROR

__all__ = ['user_errors']


@contextmanager
def user_errors(program: str) -> Iterator[None]:
    """End the program with one clear message for what a user can put right, and status 2.

    Environment ``MMPOSE_DARK_DEBUG=1`` shows where it was raised as well. Other exceptions pass through whole:
    they are mistakes of the program.

    Args:
        program: name that the message begins with.

    >>> from mmpose_dark.utils.errors import InputError
    >>> with user_errors('test.py'):  # and on standard error: test.py: error: --interval 0: at least 1 is needed
    ...     raise InputError('--interval 0: at least 1 is needed')
    Traceback (most recent call last):
        ...
    SystemExit: 2
    """
    try:
        yield
    except KeyboardInterrupt:
        print(f'\n{program}: interrupted', file=sys.stderr)
        sys.exit(INTERRUPTED)
    except Exception as err:
        if not _is_users(err) or os.environ.get('MMPOSE_DARK_DEBUG', '') not in ('', '0'):
            raise
        print(f'{program}: error: {err}', file=sys.stderr)
        sys.stdout.flush()
        sys.exit(USER_ERROR)


def _is_users(err: Exception) -> bool:
    """Tell whether ``err`` is a mistake of the user, and not a fault somewhere.

    That is: a :class:`UserError`, or the system's refusal of a file that was named to it.
    """
    return isinstance(err, UserError) or (isinstance(err, OSError) and err.filename is not None)
