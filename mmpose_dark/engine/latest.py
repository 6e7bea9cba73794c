"""Finding the checkpoint to resume from, and whether its validation was made."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path

from ..utils.atomic_file import write_atomic

__all__ = [
    'find_latest_checkpoint',
    'forget_validation',
    'run_files',
    'was_validated',
    'write_last_checkpoint',
    'write_last_validation',
]

_NOTE = 'last_checkpoint'
_VALIDATION = 'last_validation.json'
_CHECKPOINTS = ('epoch_*.pth', 'iter_*.pth', 'best_*.pth')


def run_files(work_dir: str) -> list[Path]:
    """Return the checkpoints of a run, and its notes on them.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Path(folder, 'epoch_1.pth').touch()
    ...     [path.name for path in run_files(folder)]
    ['epoch_1.pth']
    """
    folder = Path(work_dir)
    found = [path for pattern in _CHECKPOINTS for path in sorted(folder.glob(pattern))]
    return found + [path for path in (folder / _NOTE, folder / _VALIDATION) if path.is_file()]


def write_last_validation(work_dir: str, iteration: int, metrics: Mapping[str, object]) -> None:
    """Note that the network was validated after ``iteration`` iterations, and what was found."""
    numbers = {name: float(value) for name, value in metrics.items() if isinstance(value, int | float)}
    write_atomic(Path(work_dir) / _VALIDATION, json.dumps(dict(iter=iteration, metrics=numbers), indent=2) + '\n')


def forget_validation(work_dir: str) -> None:
    """Remove the note of a validation, which was of another run."""
    Path(work_dir, _VALIDATION).unlink(missing_ok=True)


def was_validated(work_dir: str, iteration: int) -> bool:
    """Say whether the network of ``iteration`` (or a later one of the same run) was validated, to the end.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_last_validation(folder, 6, dict(error=0.5))
    ...     was_validated(folder, 6), was_validated(folder, 12)
    (True, False)
    """
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        return int(json.loads((Path(work_dir) / _VALIDATION).read_text())['iter']) >= iteration
    return False


def write_last_checkpoint(work_dir: str, path: str) -> None:
    """Note ``path`` as the newest checkpoint, in one step.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_last_checkpoint(folder, 'epoch_3.pth')
    ...     Path(folder, 'last_checkpoint').read_text()
    'epoch_3.pth'
    """
    write_atomic(Path(work_dir) / _NOTE, path)


def find_latest_checkpoint(work_dir: str) -> str | None:
    """Return the checkpoint to resume from in ``work_dir``, or None if there is none.

    It is the one that the file ``last_checkpoint`` names, also if the folder was moved since; without
    that file, the highest-numbered ``epoch_*.pth`` or ``iter_*.pth``.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for number in (9, 10):
    ...         Path(folder, f'epoch_{number}.pth').touch()
    ...     Path(find_latest_checkpoint(folder)).name
    'epoch_10.pth'
    """
    folder = Path(work_dir)
    note = folder / _NOTE
    if note.is_file():
        named = Path(note.read_text(errors='replace').strip())
        for path in (named, folder / named.name):
            if path.is_file():
                return str(path)
    numbered = [
        (int(path.stem.rpartition('_')[2]), path)
        for pattern in ('epoch_*.pth', 'iter_*.pth')
        for path in folder.glob(pattern)
        if path.stem.rpartition('_')[2].isdigit()
    ]
    return str(max(numbered)[1]) if numbered else None
