"""What a lake holds: folders, globs, lists, tar shards and Parquet files, as a flat list of images."""

import glob
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ...utils.errors import MissingFileError
from ..sources.image_files import IMAGE_SUFFIXES, find_images

__all__ = ['Item', 'list_lake', 'open_items']

_BYTES = ('bytes', 'image_bytes', 'image', 'jpg', 'png')


class Item(NamedTuple):
    """An image of a lake.

    Attributes:
        path: file of the image, or the tar or Parquet file that holds it.
        member: name in the tar, or row of the Parquet file; '' for a file of its own.
        image_id: relative path, name in the tar, or path and row.
        error: why it cannot be used, known from listing; '' for nothing.
    """

    path: str
    member: str
    image_id: str
    error: str = ''

    @property
    def name(self) -> str:
        """Return what the image is called in tables.

        >>> Item('a.tar', 'x.jpg', 'x.jpg').name
        'a.tar#x.jpg'
        """
        return f'{self.path}#{self.member}' if self.member else self.path


def list_lake(words: Sequence[str]) -> list[Item]:
    """List the images that words name; of two with one id, the second has an error.

    Raises:
        MissingFileError: there is no such thing, or there are no images.
    """
    items: list[Item] = []
    seen: dict[str, str] = {}
    for item in (item for word in words for item in _of_word(word)):
        if item.image_id in seen and not item.error:
            item = item._replace(error=f'has the id {item.image_id} of {seen[item.image_id]}: ids must differ')
        seen.setdefault(item.image_id, item.name)
        items.append(item)
    if not items:
        raise MissingFileError(f'{", ".join(words)}: no images there')
    return items


def _of_word(word: str) -> Iterator[Item]:
    path = Path(word).expanduser()
    if path.is_dir():
        holders = sorted(p for p in path.iterdir() if p.suffix.lower() in ('.tar', '.parquet'))
        images = [p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES]
        for file in find_images(path) if images or not holders else []:
            yield Item(str(file), '', Path(file).relative_to(path).as_posix())
        for holder in holders:
            yield from _of_file(holder)
        return
    found = [path] if path.exists() else [Path(p) for p in sorted(glob.glob(str(path), recursive=True))]
    if not found:
        raise MissingFileError(f'{word}: no such file, folder or glob with a match')
    for file in found:
        yield from _of_file(file)


def _of_file(path: Path) -> Iterator[Item]:
    suffix = path.suffix.lower()
    if suffix == '.tar':
        yield from _of_tar(path)
    elif suffix == '.parquet':
        yield from _of_parquet(path)
    elif suffix in ('.txt', '.lst'):
        for line in path.read_text(encoding='utf-8').splitlines():
            if line.strip():
                yield Item(line.strip(), '', line.strip())
    else:
        yield Item(str(path), '', str(path))


def _of_tar(path: Path) -> Iterator[Item]:
    try:
        with tarfile.open(path) as tar:
            for entry in tar:
                if entry.isfile() and Path(entry.name).suffix.lower() in IMAGE_SUFFIXES:
                    yield Item(str(path), entry.name, entry.name)
    except (tarfile.TarError, OSError, EOFError) as err:
        yield Item(str(path), '', str(path), f'cut off or no tar file ({err}): what stands behind is lost')


def _of_parquet(path: Path) -> Iterator[Item]:
    import pyarrow
    from pyarrow import parquet

    try:
        rows = parquet.ParquetFile(path).metadata.num_rows
    except (pyarrow.ArrowException, OSError) as err:
        yield Item(str(path), '', str(path), f'cut off or no Parquet file ({err})')
        return
    for row in range(rows):
        yield Item(str(path), str(row), f'{path}#{row}')


def open_items(items: Sequence[Item], folder: Path) -> list[tuple[str, str]]:
    """Return a file to read and an error ('' for none) for each item; bytes of tar and Parquet go to ``folder``."""
    return [_open(item, folder / f'{i}{Path(item.member).suffix}') for i, item in enumerate(items)]


def _open(item: Item, target: Path) -> tuple[str, str]:
    if item.error or not item.member:
        return item.path, item.error
    try:
        target.write_bytes(_bytes_of(item))
    except (tarfile.TarError, OSError, EOFError, KeyError, ValueError) as err:
        return item.path, f'cannot be taken out of {item.path}: {err}'
    return str(target), ''


def _bytes_of(item: Item) -> bytes:
    if item.path.endswith('.tar'):
        with tarfile.open(item.path) as tar:
            for entry in tar:  # getmember would read on to the end, which may be cut off
                if entry.name == item.member:
                    return tar.extractfile(entry).read()
            raise KeyError(item.member)
    from pyarrow import parquet

    table, row = parquet.ParquetFile(item.path), int(item.member)
    column = next((name for name in _BYTES if name in table.schema_arrow.names), None)
    if column is None:
        raise ValueError(f'no column of bytes; one of {", ".join(_BYTES)} is needed')
    for group in range(table.num_row_groups):
        count = table.metadata.row_group(group).num_rows
        if row < count:
            value = table.read_row_group(group, columns=[column])[column][row].as_py()
            return value['bytes'] if isinstance(value, dict) else value
        row -= count
    raise ValueError('the file has become shorter')
