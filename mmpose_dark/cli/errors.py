"""How a program tells its user what went wrong."""

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from ..utils.errors import UserError
from .launched import SILENCE, end_at_once, is_told, join_launcher, tell
from .status import INTERRUPTED, USER_ERROR

__all__ = ['user_errors']

# Of several processes that a cluster started, the first tells what all of them found; the others wait this long.
_PATIENCE = 3.0
# What the system says where nothing can be written, mostly without naming a file.
_REFUSALS = {
    getattr(errno, name)
    for name in ('ENOSPC', 'EDQUOT', 'EROFS', 'EFBIG', 'EACCES', 'EPERM', 'ENAMETOOLONG', 'EMFILE', 'ENFILE')
    if hasattr(errno, name)
}


@contextmanager
def user_errors(program: str) -> Iterator[None]:
    """End the program with one clear message for what a user can put right, and status 2.

    Environment ``MMPOSE_DARK_DEBUG=1`` shows where it was raised as well. Other exceptions pass through whole:
    they are mistakes of the program. Of several processes one tells it.

    Args:
        program: name that the message begins with.

    >>> from mmpose_dark.utils.errors import InputError
    >>> with user_errors('test.py'):  # and on standard error: test.py: error: --interval 0: at least 1 is needed
    ...     raise InputError('--interval 0: at least 1 is needed')
    Traceback (most recent call last):
        ...
    SystemExit: 2
    """
    launched = join_launcher()
    try:
        yield
    except SystemExit as end:
        if not isinstance(end.code, int | None):
            raise
        _end(end.code or 0, launched=launched)
    except KeyboardInterrupt:
        if not launched and _rank() == 0:
            print(f'\n{program}: interrupted', file=sys.stderr)
        _end(INTERRUPTED, launched=launched)
    except Exception as err:
        debugging = os.environ.get('MMPOSE_DARK_DEBUG', '') not in ('', '0')
        if debugging or not _is_users(err):
            if not debugging and launched and is_told(_PATIENCE + _silence(err)):
                _end(USER_ERROR, launched=launched)  # what this process met is what the end of another one made
            raise
        if not tell(f'{program}: error: {err}'):
            time.sleep(_PATIENCE if _rank() else 0)
            print(f'{program}: error: {err}', file=sys.stderr)
        _end(USER_ERROR, launched=launched)


def _end(status: int, *, launched: bool) -> NoReturn:
    """End the program; one of several processes at once, which threads of torch could turn into an abort."""
    if launched or _is_in_a_group():
        end_at_once(status)
    sys.exit(status)


def _rank() -> int:
    found = next((os.environ[n] for n in ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK') if n in os.environ), '0')
    return int(found) if found.isdigit() else 0


def _is_in_a_group() -> bool:
    """Say whether this process has met others, started by torchrun or Slurm, say; torch is not imported for it."""
    group = sys.modules.get('torch.distributed')
    return group is not None and group.is_available() and group.is_initialized()


def _silence(err: Exception) -> float:
    """Seconds in which the launcher finds out that another machine was lost, if that may be what ``err`` is about.

    A connection that ends is a RuntimeError of torch's.
    """
    seconds = os.environ.get(SILENCE, '')
    return float(seconds) if seconds and isinstance(err, RuntimeError) else 0.0


def _is_users(err: Exception) -> bool:
    """Tell whether ``err`` is a mistake of the user, and not a fault somewhere.

    That is: a :class:`UserError`, or the system's refusal of a file that was named to it, or to write at all.
    """
    return isinstance(err, UserError) or (
        isinstance(err, OSError) and (err.filename is not None or err.errno in _REFUSALS)
    )
