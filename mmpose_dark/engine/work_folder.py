"""The folder of a training: one training at a time, none over another's checkpoints, nothing left in it by a kill."""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from mmengine.dist import is_main_process

from ..checkpoint.file_lock import only_one
from ..checkpoint.parts import remove_checkpoint, remove_orphans
from ..utils.atomic_file import remove_left_over
from ..utils.errors import ExistsError
from .latest import run_files

__all__ = ['LOCK', 'check_work_dir', 'hold_work_dir']

LOCK = 'training.lock'


def check_work_dir(work_dir: str | os.PathLike, *, resume: bool, overwrite: bool) -> None:
    """Refuse to train into a folder that holds another training's checkpoints.

    Args:
        work_dir: the folder; it need not be there.
        resume: training goes on from a checkpoint.
        overwrite: the other training may go.

    Raises:
        ExistsError: there are checkpoints, and neither is said.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     check_work_dir(folder, resume=False, overwrite=False)
    """
    found = [path for path in run_files(str(work_dir)) if path.suffix == '.pth']
    if found and not resume and not overwrite:
        names = ', '.join(path.name for path in found[:3]) + (' ...' if len(found) > 3 else '')
        raise ExistsError(
            f'{work_dir}: holds a training already ({names}). Go on with it (--resume), train into another folder '
            '(--work-dir), or replace it (--overwrite)'
        )


@contextlib.contextmanager
def hold_work_dir(
    work_dir: str | os.PathLike, logger: logging.Logger, *, resume: bool, overwrite: bool
) -> Iterator[None]:
    """Keep other trainings out of the folder inside the ``with`` block; the first of several processes does it.

    Args:
        work_dir: the folder, which is there.
        logger: told what is removed.
        resume: as of `check_work_dir`.
        overwrite: remove the checkpoints of the training before.

    Raises:
        ExistsError: as `check_work_dir`.
        StateError: another training is running there.
    """
    if not is_main_process():
        yield
        return
    with only_one(Path(work_dir, LOCK), 'a training'):
        check_work_dir(work_dir, resume=resume, overwrite=overwrite)
        remove_left_over(work_dir)
        remove_orphans(work_dir)
        old = [] if resume else run_files(str(work_dir))
        if old:
            logger.warning(f'{work_dir}: removing the training before: {", ".join(path.name for path in old)}')
        for path in old:
            remove_checkpoint(path)
        yield
