"""The images of a shard as files: those of tar and Parquet files are written to a folder for a time."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..sinks.files import writing
from .items import Item
from .parquet_rows import read_rows
from .tar_members import read_member

__all__ = ['open_items', 'opened']


@contextmanager
def opened(items: Sequence[Item]) -> Iterator[list[tuple[str, str]]]:
    """Yield a file to read and an error ('' for none) for each item; what is written goes at the end of the block.

    Raises:
        OutputError: the folder for temporary files is full.

    >>> with opened([Item('/lake/a.jpg', '', 'a.jpg')]) as files:
    ...     files
    [('/lake/a.jpg', '')]
    """
    with tempfile.TemporaryDirectory() as folder:
        yield open_items(items, Path(folder))


def open_items(items: Sequence[Item], folder: Path) -> list[tuple[str, str]]:
    """Return a file to read and an error ('' for none) for each item; bytes of tar and Parquet go to ``folder``.

    Raises:
        OutputError: the folder is full.
    """
    found = [(item.path, item.error) for item in items]
    rows: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for i, item in enumerate(items):
        if item.error or not item.member:
            continue
        if item.path.lower().endswith('.tar'):
            found[i] = _open_member(item, folder / f'{i}{Path(item.member).suffix}')
        else:
            rows.setdefault((item.path, item.column), []).append((int(item.member), i))
    for (path, column), wanted in rows.items():
        places = dict(wanted)
        for row, content, error in read_rows(path, column, sorted(places)):
            target = folder / f'{places[row]}'
            if not error:
                with writing(target):
                    target.write_bytes(content)
            found[places[row]] = (path, f'cannot be taken out of {path}: {error}') if error else (str(target), '')
    return found


def _open_member(item: Item, target: Path) -> tuple[str, str]:
    try:
        content = read_member(item)
    except (OSError, EOFError) as err:
        return item.path, f'cannot be taken out of {item.path}: {err}'
    with writing(target):
        target.write_bytes(content)
    return str(target), ''
