"""Writing a checkpoint so that the last good one survives a kill and a full disk."""

import os
import pathlib

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
    try:
        with atomic_path(path) as temporary, open(temporary, 'wb') as file:
            torch.save(obj, file)
    except OutputError as err:
        raise CheckpointError(str(err)) from err
    except RuntimeError as err:  # what torch's writer makes of a full disk
        raise CheckpointError(
            f'{path}: could not be written ({str(err).splitlines()[0]}); what was there before is untouched. '
            'Check free space and permissions of the folder.'
        ) from err
