"""How a command-line tool tells its user what went wrong."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..utils.errors import UserError

__all__ = ['user_errors']

_USER_ERROR = 2
_INTERRUPTED = 130


@contextmanager
def user_errors(program: str) -> Iterator[None]:
    """End the program with one clear message for what a user can put right, and status 2.

    Environment ``MMPOSE_DARK_DEBUG=1`` shows where it was raised as well. Other exceptions pass through whole:
    they are mistakes of the program.
    """
    try:
        yield
    except KeyboardInterrupt:
        print(f'\n{program}: interrupted', file=sys.stderr)
        sys.exit(_INTERRUPTED)
    except Exception as err:
        if not _is_users(err) or os.environ.get('MMPOSE_DARK_DEBUG', '') not in ('', '0'):
            raise
        _tell(program, err)


def _is_users(err: Exception) -> bool:
    """Tell whether ``err`` is a mistake of the user, and not a fault somewhere.

    That is: a :class:`UserError`, or the system's refusal of a file that was named to it.
    """
    return isinstance(err, UserError) or (isinstance(err, OSError) and err.filename is not None)


def _tell(program: str, err: Exception) -> None:
    print(f'{program}: error: {err}', file=sys.stderr)
    sys.stdout.flush()
    sys.exit(_USER_ERROR)
