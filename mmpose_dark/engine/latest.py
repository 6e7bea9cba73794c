"""Finding the checkpoint to resume from."""

from pathlib import Path

from ..utils.atomic_file import write_atomic

__all__ = ['find_latest_checkpoint', 'write_last_checkpoint']

_NOTE = 'last_checkpoint'


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
        named = Path(note.read_text().strip())
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
