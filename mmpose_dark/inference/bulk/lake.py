"""What a lake holds: folders, globs, lists, tar shards and Parquet files, as a flat list of images."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...utils.errors import MissingFileError
from ...utils.progress import track
from ..sources.image_files import IMAGE_SUFFIXES, find_images
from .items import Item, stamp_of
from .parquet_rows import ParquetColumns, list_rows
from .tar_members import COMPRESSED, list_members, refuse_compressed

__all__ = ['list_lake']


def list_lake(words: Sequence[str], columns: ParquetColumns | None = None, own: Sequence[Path] = ()) -> list[Item]:
    """List the images that words name: each once, and of two with one id, the second has an error.

    Args:
        words: of the command line.
        columns: of Parquet files; None: the usual ones.
        own: folders whose Parquet files are this command's output, and no part of a lake that they stand in.

    Raises:
        MissingFileError: there is no such thing, or there are no images.
        InputError: a compressed tar file, or a Parquet file without the columns.
        MissingPackageError: Parquet without pyarrow.
    """
    items: list[Item] = []
    seen: dict[str, str] = {}
    names: set[str] = set()
    places, columns = {folder.resolve() for folder in own}, columns or ParquetColumns()
    listed = (item for word in words for file in _of_word(word) for item in _of_file(*file, columns, places))
    for item in track(listed, description='listing'):
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


def _of_word(word: str) -> Iterator[tuple[Path, str]]:
    """Yield files with the ids that they have as images."""
    path = _absolute(word)
    if path.is_dir():
        inside = sorted(path.iterdir())
        holders = [p for p in inside if p.suffix.lower() in ('.tar', '.parquet') or p.name.lower().endswith(COMPRESSED)]
        if not holders or any(p.suffix.lower() in IMAGE_SUFFIXES for p in inside):
            for file in find_images(path):
                yield file, file.relative_to(path).as_posix()
        yield from ((holder, '') for holder in holders)
        return
    found = [path] if path.exists() else [Path(p) for p in sorted(glob.glob(str(path), recursive=True))]
    if not found:
        raise MissingFileError(f'{word}: no such file, folder or glob with a match')
    yield from ((file, str(file)) for file in found if not file.is_dir())


def _absolute(word: str) -> Path:
    return Path(os.path.abspath(Path(word).expanduser()))  # links stay: what the user named is what the tables say


def _of_file(path: Path, image_id: str, columns: ParquetColumns, own: set[Path]) -> Iterator[Item]:
    suffix = path.suffix.lower()
    if suffix == '.tar':
        yield from list_members(path)
    elif path.name.lower().endswith(COMPRESSED):
        refuse_compressed(path)
    elif suffix == '.parquet':
        if path.parent.resolve() not in own:
            yield from list_rows(path, columns)
    elif suffix in ('.txt', '.lst'):
        for line in path.read_text(encoding='utf-8').splitlines():
            if line.strip():
                yield _of_image(_absolute(line.strip()), line.strip())
    else:
        yield _of_image(path, image_id)


def _of_image(path: Path, image_id: str) -> Item:
    return Item(str(path), '', image_id, stamp=stamp_of(path))
