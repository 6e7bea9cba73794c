"""How a command-line tool tells its user what went wrong."""

import linecache
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ['user_errors']

_USER_ERROR = 2
_INTERRUPTED = 130
# An error of this package in a loader's worker process: torch puts its trace into the message.
_FROM_WORKER = re.compile(r'\ACaught .*\nmmpose_dark[\w.]*\.(?P<kind>\w+): (?P<message>[^\n]*)\s*\Z', re.DOTALL)


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
    """Tell whether ``err`` comes from a check of this package, and not from a fault somewhere.

    That is: an error class of this package, a file that is not there, or a ``raise`` statement in it.
    """
    if (
        type(err).__module__.startswith('mmpose_dark.')
        or _FROM_WORKER.search(str(err))
        or isinstance(err, FileNotFoundError | NotADirectoryError)
    ):
        return True
    trace = err.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename
    in_package = file.startswith(str(Path(__file__).resolve().parents[1]))
    return in_package and linecache.getline(file, trace.tb_lineno).lstrip().startswith('raise')


def _tell(program: str, err: Exception) -> None:
    message = str(err.args[0]) if isinstance(err, KeyError) and err.args else str(err)
    from_worker = _FROM_WORKER.search(message)
    if from_worker:
        message = from_worker['message']
        if from_worker['kind'] == 'ImageReadError':
            message += '; train.py --skip-bad-images goes on without such images'
    print(f'{program}: error: {message}', file=sys.stderr)
    sys.stdout.flush()
    sys.exit(_USER_ERROR)
