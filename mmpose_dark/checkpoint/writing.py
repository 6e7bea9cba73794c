"""Writing a checkpoint so that the last good one survives a kill and a full disk."""

import os
import pathlib
from typing import IO

import torch

from ..utils.atomic_file import atomic_path
from ..utils.errors import OutputError
from .errors import CheckpointError

__all__ = ['save_checkpoint']


def save_checkpoint(obj: object, path: str | os.PathLike) -> None:
    """Write ``obj`` with ``torch.save``; ``path`` holds the old content or all of the new, never a part.

    Args:
        obj: what to save, a checkpoint dictionary.
        path: the file to write; its folder is made where it is missing. What a process that was killed while
            writing to it left in the folder is removed.

    Raises:
        CheckpointError: the file could not be written (full disk, no permission); what was at ``path`` before is
            untouched.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_checkpoint(dict(epoch=3), f'{folder}/epoch_3.pth')
    ...     torch.load(f'{folder}/epoch_3.pth')
    {'epoch': 3}
    """
    path = pathlib.Path(path).expanduser()
    refusals: list[OSError] = []
    try:
        with atomic_path(path) as temporary, open(temporary, 'wb') as file:
            torch.save(obj, _Watched(file, refusals))
    except OutputError as err:
        raise CheckpointError(str(err)) from err
    except RuntimeError as err:  # what torch's writer makes of a full disk
        reason = refusals[0].strerror if refusals else str(err).splitlines()[0]
        raise CheckpointError(
            f'{path}: could not be written ({reason}); what was there before is untouched. '
            'Check free space and permissions of the folder.'
        ) from err


class _Watched:
    """A file that remembers the system's refusals, of which torch's writer tells nothing."""

    def __init__(self, file: IO[bytes], refusals: list[OSError]) -> None:
        self._file, self._refusals = file, refusals

    def write(self, data: bytes | memoryview) -> int:
        try:
            return self._file.write(data)
        except OSError as err:
            self._refusals.append(err)
            raise

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError as err:
            self._refusals.append(err)
            raise
