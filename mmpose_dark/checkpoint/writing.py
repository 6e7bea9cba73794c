"""Writing a checkpoint so that the last good one survives a kill and a full disk."""

import contextlib
import itertools
import os
import pathlib
import re
import socket
from typing import Any

import torch

from .errors import CheckpointError

__all__ = ['save_checkpoint']

_COUNTER = itertools.count()


def save_checkpoint(obj: Any, path: str | os.PathLike) -> None:
    """Write ``obj`` with ``torch.save``; ``path`` holds the old content or all of the new, never a part.

    The bytes go to a hidden file ``.NAME.HOST-PID-N.tmp`` in the same folder, reach the disk, and only
    then get the final name. Such files left by a killed process are removed by the next save to
    the same ``path``.

    Args:
        obj: what to save, a checkpoint dictionary.
        path: the file to write; its folder is made where it is missing.

    Raises:
        CheckpointError: the file could not be written (full disk, no permission); what was at
            ``path`` before is untouched.
    """
    path = pathlib.Path(path).expanduser()
    host = re.sub(r'\W', '_', socket.gethostname())
    temporary = path.with_name(f'.{path.name}.{host}-{os.getpid()}-{next(_COUNTER)}.tmp')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_left_over(path, host)
        with open(temporary, 'wb') as file:
            torch.save(obj, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except BaseException as err:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(err, (OSError, RuntimeError)):
            raise CheckpointError(
                f'{path}: could not be written ({str(err).splitlines()[0]}); what was there before is untouched. '
                'Check free space and permissions of the folder.'
            ) from err
        raise


def _sync_folder(folder: pathlib.Path) -> None:
    if os.name != 'posix':
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_left_over(path: pathlib.Path, host: str) -> None:
    """Delete the temporary files for ``path`` whose process, on this machine, is gone."""
    pattern = re.compile(rf'\.{re.escape(path.name)}\.{host}-(\d+)-\d+\.tmp')
    for other in path.parent.iterdir():
        found = pattern.fullmatch(other.name)
        if found and os.name == 'posix':
            try:
                os.kill(int(found[1]), 0)
            except ProcessLookupError:
                with contextlib.suppress(OSError):
                    other.unlink()
            except PermissionError:
                pass  # another user's process: alive
