"""What a process knows of the launcher that started it (`launch`), and what it tells it."""

import atexit
import os
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

from ..utils.parents import end_with_parent

__all__ = [
    'ALIVE',
    'LAUNCHED',
    'MESSAGE',
    'PARENT',
    'REPORTS',
    'RESTARTED',
    'SILENCE',
    'end_at_once',
    'is_told',
    'join_launcher',
    'tell',
]

LAUNCHED = 'MMPOSE_DARK_LAUNCHED'
"""Environment: the command line that started all processes."""
PARENT = 'MMPOSE_DARK_LAUNCHER'
"""Environment: the launcher's process id."""
REPORTS = 'MMPOSE_DARK_REPORTS'
"""Environment: the folder for messages to the launcher."""
RESTARTED = 'MMPOSE_DARK_RESTARTED'
"""Environment, where processes were started again: the time (seconds since 1970) at which they were first started."""
SILENCE = 'MMPOSE_DARK_SILENCE'
"""Environment, where there are several machines: seconds after which a silent one counts as lost."""
MESSAGE, ALIVE = '.message', '.alive'
_SECONDS_BETWEEN_SIGNS = 2.0
_joined: list[str] = []  # the launcher that this process has joined


def join_launcher() -> bool:
    """End with the launcher and give it signs of life, if there is one.

    >>> join_launcher()
    False
    """
    parent, folder = os.environ.get(PARENT, ''), os.environ.get(REPORTS, '')
    if not parent.isdigit() or not os.path.isdir(folder) or os.getppid() != int(parent):
        return folder in _joined
    if parent not in _joined:
        _joined.extend((parent, folder))
        end_with_parent(int(parent))
        threading.Thread(target=_give_signs, args=(_file(ALIVE),), daemon=True, name='signs_of_life').start()
    return True


def end_at_once(status: int) -> NoReturn:
    """End a process that has done its work or said why not, without the end of the C++ libraries.

    Threads of theirs that still run when they are taken apart abort the process now and then ("terminate called
    without an active exception"), and its status would be that of a fault. What Python has to do
    at its end is done.
    """
    threading._shutdown()  # waits for threads that still write
    atexit._run_exitfuncs()  # the process group is left, temporary files are removed
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def tell(message: str) -> bool:
    """Leave a message that the launcher prints, once for all processes; False where there is no launcher.

    >>> tell('test.py: error: no such file')
    False
    """
    if not join_launcher():
        return False
    try:
        _file(MESSAGE).write_text(message)
    except OSError:
        return False
    return True


def is_told(patience: float) -> bool:
    """Say whether a process has told the launcher what is wrong, waiting for that ``patience`` seconds.

    >>> is_told(0)
    False
    """
    if not join_launcher():
        return False
    until = time.monotonic() + patience
    while True:
        if any(Path(os.environ[REPORTS]).glob(f'*{MESSAGE}')):
            return True
        if time.monotonic() >= until:
            return False
        time.sleep(0.1)


def _file(kind: str) -> Path:
    return Path(os.environ[REPORTS], os.environ.get('RANK', '0') + kind)


def _give_signs(path: Path) -> None:
    while path.parent.is_dir():
        try:
            path.touch()
        except OSError:
            return
        time.sleep(_SECONDS_BETWEEN_SIGNS)
