"""What a lake holds: folders, globs, lists, tar shards and Parquet files, as a flat list of images."""

import glob
import os
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ...utils.errors import MissingFileError
from ..sinks.files import writing
from ..sources.image_files import IMAGE_SUFFIXES, find_images

__all__ = ['Item', 'list_lake', 'open_items']

_BYTES = ('bytes', 'image_bytes', 'image', 'jpg', 'png')


class Item(NamedTuple):
    """An image of a lake.

    Attributes:
        path: absolute path of the image, or of the tar or Parquet file that holds it.
        member: name in the tar, or row of the Parquet file; '' for a file of its own.
        image_id: path in its folder, name in the tar, or path and row.
        error: why it cannot be used, known from listing; '' for nothing.
        stamp: size and time of the file, or of the member of a tar; another one says that it has changed.
        offset: of the first byte in the tar.
        size: bytes in the tar.
    """

    path: str
    member: str
    image_id: str
    error: str = ''
    stamp: str = ''
    offset: int = 0
    size: int = 0

    @property
    def name(self) -> str:
        """Return what the image is called in tables.

        >>> Item('a.tar', 'x.jpg', 'x.jpg').name
        'a.tar#x.jpg'
        """
        return f'{self.path}#{self.member}' if self.member else self.path


def list_lake(words: Sequence[str]) -> list[Item]:
    """List the images that words name: each once, and of two with one id, the second has an error.

    Raises:
        MissingFileError: there is no such thing, or there are no images.
    """
    items: list[Item] = []
    seen: dict[str, str] = {}
    names: set[str] = set()
    for item in (item for word in words for item in _of_word(word)):
        if item.name in names:
            continue
        names.add(item.name)
        if item.image_id in seen and not item.error:
            item = item._replace(error=f'has the id {item.image_id} of {seen[item.image_id]}: ids must differ')
        seen.setdefault(item.image_id, item.name)
        items.append(item)
    if not items:
        raise MissingFileError(f'{", ".join(words)}: no images there')
    return items


def _of_word(word: str) -> Iterator[Item]:
    path = _absolute(word)
    if path.is_dir():
        holders = sorted(p for p in path.iterdir() if p.suffix.lower() in ('.tar', '.parquet'))
        images = [p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES]
        for file in find_images(path) if images or not holders else []:
            yield _of_image(file, file.relative_to(path).as_posix())
        for holder in holders:
            yield from _of_file(holder)
        return
    found = [path] if path.exists() else [Path(p) for p in sorted(glob.glob(str(path), recursive=True))]
    if not found:
        raise MissingFileError(f'{word}: no such file, folder or glob with a match')
    for file in found:
        yield from _of_file(file)


def _absolute(word: str) -> Path:
    return Path(os.path.abspath(Path(word).expanduser()))  # links stay: what the user named is what the tables say


def _stamp(path: Path) -> str:
    """Return size and time of a file; '' where it is not there."""
    try:
        told = path.stat()
    except OSError:
        return ''
    return f'{told.st_size} {told.st_mtime_ns}'


def _of_image(path: Path, image_id: str) -> Item:
    return Item(str(path), '', image_id, stamp=_stamp(path))


def _of_file(path: Path) -> Iterator[Item]:
    suffix = path.suffix.lower()
    if suffix == '.tar':
        yield from _of_tar(path)
    elif suffix == '.parquet':
        yield from _of_parquet(path)
    elif suffix in ('.txt', '.lst'):
        for line in path.read_text(encoding='utf-8').splitlines():
            if line.strip():
                yield _of_image(_absolute(line.strip()), line.strip())
    else:
        yield _of_image(path, str(path))


def _of_tar(path: Path) -> Iterator[Item]:
    try:
        with tarfile.open(path, 'r:') as tar:
            for entry in tar:
                if entry.isreg() and Path(entry.name).suffix.lower() in IMAGE_SUFFIXES:
                    error = 'is stored with gaps (a sparse file): pack it again' if entry.sparse else ''
                    stamp, place = f'{entry.size} {entry.mtime}', (entry.offset_data, entry.size)
                    yield Item(str(path), entry.name, entry.name, error, stamp, *place)
            end = tar.offset  # tarfile takes a cut header for the end
        with path.open('rb') as file:
            file.seek(end)
            if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise EOFError('it has no mark at its end')
    except (tarfile.TarError, OSError, EOFError) as err:
        text = f'cut off, or no uncompressed tar file ({err}): what stands behind is lost'
        yield Item(str(path), '', str(path), text, _stamp(path))


def _of_parquet(path: Path) -> Iterator[Item]:
    import pyarrow
    from pyarrow import parquet

    stamp = _stamp(path)
    try:
        rows = parquet.ParquetFile(path).metadata.num_rows
    except (pyarrow.ArrowException, OSError) as err:
        yield Item(str(path), '', str(path), f'cut off or no Parquet file ({err})', stamp)
        return
    for row in range(rows):
        yield Item(str(path), str(row), f'{path}#{row}', stamp=stamp)


def open_items(items: Sequence[Item], folder: Path) -> list[tuple[str, str]]:
    """Return a file to read and an error ('' for none) for each item; bytes of tar and Parquet go to ``folder``.

    Raises:
        OutputError: the folder is full.
    """
    return [_open(item, folder / f'{i}{Path(item.member).suffix}') for i, item in enumerate(items)]


def _open(item: Item, target: Path) -> tuple[str, str]:
    if item.error or not item.member:
        return item.path, item.error
    try:
        content = _from_tar(item) if item.path.lower().endswith('.tar') else _from_parquet(item)
    except (OSError, EOFError, ValueError) as err:
        return item.path, f'cannot be taken out of {item.path}: {err}'
    with writing(target):
        target.write_bytes(content)
    return str(target), ''


def _from_tar(item: Item) -> bytes:
    with open(item.path, 'rb') as file:
        file.seek(item.offset)
        content = file.read(item.size)
    if len(content) < item.size:
        raise EOFError(f'{item.member} is cut off: {len(content)} of {item.size} bytes')
    return content


def _from_parquet(item: Item) -> bytes:
    from pyarrow import parquet

    table, row = parquet.ParquetFile(item.path), int(item.member)
    column = next((name for name in _BYTES if name in table.schema_arrow.names), None)
    if column is None:
        raise ValueError(f'no column of bytes; one of {", ".join(_BYTES)} is needed')
    for group in range(table.num_row_groups):
        count = table.metadata.row_group(group).num_rows
        if row < count:
            value = table.read_row_group(group, columns=[column])[column][row].as_py()
            value = value.get('bytes') if isinstance(value, dict) else value
            if not isinstance(value, bytes):
                raise ValueError(f'its column {column} has no bytes there')
            return value
        row -= count
    raise ValueError('the file has become shorter')
