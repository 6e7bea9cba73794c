"""Finding the checkpoint to resume from."""

import os
from pathlib import Path

__all__ = ['find_latest_checkpoint', 'write_last_checkpoint']

_NOTE = 'last_checkpoint'


def write_last_checkpoint(work_dir: str, path: str) -> None:
    """Note ``path`` as the newest checkpoint, in one step."""
    note = Path(work_dir) / _NOTE
    draft = note.with_name(f'{_NOTE}.tmp')
    draft.write_text(path)
    os.replace(draft, note)


def find_latest_checkpoint(work_dir: str) -> str | None:
    """Return the checkpoint to resume from in ``work_dir``, or None if there is none.

    It is the one that the file ``last_checkpoint`` names, also if the folder was moved since; without
    that file, the highest-numbered ``epoch_*.pth`` or ``iter_*.pth``.
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
