"""The end of a run, however it comes: hooks are told, log files are closed, and a full disk is one line."""

import contextlib
import errno
import logging
from collections.abc import Iterator
from pathlib import Path

from ..utils.choices import PHASES
from ..utils.errors import OutputError
from .dataloader import release_workers
from .runner_protocol import RunnerLike

__all__ = ['SYSTEM_REFUSALS', 'quiet_log_files', 'release_log_files', 'run_end']

SYSTEM_REFUSALS = tuple(
    getattr(errno, name)
    for name in ('ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EFBIG', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG')
    if hasattr(errno, name)
)
"""What the system says where a file cannot be written."""


@contextlib.contextmanager
def run_end(runner: RunnerLike) -> Iterator[None]:
    """Run the ``with`` block; then tell hooks with ``at_exit``, end worker processes, and let go of the log files.

    Raises:
        OutputError: something in the work folder could not be written, and the error did not say what.
    """
    quiet_log_files(runner.logger)
    try:
        yield
    except OSError as err:
        if err.filename is None and err.errno in SYSTEM_REFUSALS:
            raise OutputError(
                f'{runner.work_dir}: could not be written: {err.strerror}. Free space, or choose another folder '
                '(--work-dir)'
            ) from err
        raise
    finally:
        runner.call_hook('at_exit')
        for phase in PHASES:
            release_workers(getattr(getattr(runner, f'_{phase}_loop', None), 'dataloader', None))
        release_log_files(runner.logger)


def release_log_files(logger: logging.Logger) -> None:
    """Close the files of a logger; they are opened again, to append, when something more is logged.

    What is logged after the folder was removed does not go into the file.

    >>> release_log_files(logging.getLogger('an example'))
    """
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler) and handler.stream is not None:
            with handler.lock:
                with contextlib.suppress(OSError):
                    handler.stream.close()
                handler.stream, handler.mode = _OpensAgain(handler), 'a'


def quiet_log_files(logger: logging.Logger) -> None:
    """Let a log file that cannot be written be told once, on the screen, instead of a traceback a line."""
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.handleError = _TellOnce(handler, logger)


class _OpensAgain:
    """Stands for the stream of a closed log file and opens it when something is written; not where the folder is gone.

    None, as logging itself has it, is not enough: mmengine writes to the stream of a run that is over, when another
    network is initialised.
    """

    def __init__(self, handler: logging.FileHandler) -> None:
        self.handler = handler

    def write(self, text: str) -> None:
        if Path(self.handler.baseFilename).parent.is_dir():
            self.handler.stream = self.handler._open()
            self.handler.stream.write(text)

    def flush(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class _TellOnce:
    def __init__(self, handler: logging.FileHandler, logger: logging.Logger) -> None:
        self.handler, self.logger, self.told = handler, logger, False

    def __call__(self, record: logging.LogRecord) -> None:
        if self.told:
            return
        self.told = True
        self.logger.warning(f'{self.handler.baseFilename}: the log file could not be written; going on without it')
