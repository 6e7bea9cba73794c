"""Images in the rows of Parquet files: a column of bytes, and if wanted one of ids."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from ...utils.errors import InputError, MissingPackageError
from .items import Item, stamp_of

if TYPE_CHECKING:
    import pyarrow
    from pyarrow import parquet

__all__ = ['ParquetColumns', 'list_rows', 'read_rows']

_USUAL = ('bytes', 'image_bytes', 'image', 'jpg', 'jpeg', 'png')
_AT_ONCE = 64  # rows that are in memory


class ParquetColumns(NamedTuple):
    """Which columns of a Parquet file are read.

    Attributes:
        content: bytes of image files, or structures with such a field ``bytes``; None: the first that is there of
            bytes, image_bytes, image, jpg, jpeg, png.
        image_id: ids of the images; None: path and row.
    """

    content: str | None = None
    image_id: str | None = None


def list_rows(path: Path, columns: ParquetColumns) -> Iterator[Item]:
    """Yield one image a row; of a file that is cut off, one item with the error.

    Raises:
        InputError: there is no such column.
        MissingPackageError: no pyarrow.
    """
    arrow, parquet = _packages(path)
    stamp = stamp_of(path)
    try:
        file = parquet.ParquetFile(path)
    except (arrow.ArrowException, OSError) as err:
        yield Item(str(path), '', str(path), f'cut off or no Parquet file ({err})', stamp)
        return
    with file:
        column = _content_column(arrow, file.schema_arrow, path, columns.content)
        for row, image_id in enumerate(_ids(file, path, columns.image_id)):
            error = '' if image_id is not None else f'has no id in the column {columns.image_id}'
            own = f'{path}#{row}' if image_id is None else image_id
            yield Item(str(path), str(row), own, error, stamp, column=column)


def read_rows(path: str, column: str, rows: Sequence[int]) -> Iterator[tuple[int, bytes, str]]:
    """Read rows of a file, each row group once, a few rows at a time.

    Args:
        path: of the file.
        column: of bytes.
        rows: numbers of the rows, ascending.

    Yields:
        Row, its bytes, and '' or why it has none.
    """
    arrow, parquet = _packages(path)
    wanted, start = deque(rows), 0
    try:
        file = parquet.ParquetFile(path, pre_buffer=False)
    except (arrow.ArrowException, OSError) as err:
        yield from ((row, b'', f'cut off or no Parquet file ({err})') for row in wanted)
        return
    with file:
        for group in range(file.num_row_groups):
            end = start + file.metadata.row_group(group).num_rows
            here = deque(wanted.popleft() for _ in range(bisect_left(wanted, end)))
            try:
                yield from _of_group(file, group, column, start, here)
            except (arrow.ArrowException, OSError) as err:
                yield from ((row, b'', f'its row group {group} cannot be read ({err})') for row in here)
            start = end
    yield from ((row, b'', f'the file has {start} rows now') for row in wanted)


def _of_group(
    file: 'parquet.ParquetFile', group: int, column: str, first: int, wanted: deque[int]
) -> Iterator[tuple[int, bytes, str]]:
    """Yield rows of a group, and take them out of ``wanted``."""
    batches = iter(file.iter_batches(_AT_ONCE, row_groups=[group], columns=[column]) if wanted else ())
    while wanted:
        values = next(batches).column(0)
        while wanted and wanted[0] < first + len(values):
            row = wanted.popleft()
            value = values[row - first].as_py()
            value = value.get('bytes') if isinstance(value, dict) else value
            yield (row, value, '') if isinstance(value, bytes) else (row, b'', f'its column {column} is empty')
        first += len(values)


def _packages(path: str | Path) -> tuple[ModuleType, ModuleType]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as err:
        raise MissingPackageError(f'{path}: Parquet needs pyarrow: pip install pyarrow') from err
    return pyarrow, parquet


def _content_column(arrow: ModuleType, schema: 'pyarrow.Schema', path: Path, given: str | None) -> str:
    """Return the name of the column of bytes."""
    known = [field.name for field in schema if _has_bytes(arrow, field.type)]
    usual = [name for name in _USUAL if name in known]
    if given is None and usual:
        return usual[0]
    if given in known:
        return given
    what = f'no column of bytes {given!r}' if given else f'no column of bytes called {", ".join(_USUAL)}'
    remedy = f'--bytes-column may be {", ".join(known)}' if known else 'none of them has bytes of images'
    raise InputError(f'{path}: {what}; its columns are {", ".join(schema.names) or "none"}, {remedy}')


def _has_bytes(arrow: ModuleType, kind: 'pyarrow.DataType') -> bool:
    if arrow.types.is_struct(kind):
        place = kind.get_field_index('bytes')
        return place >= 0 and _has_bytes(arrow, kind.field(place).type)
    return arrow.types.is_binary(kind) or arrow.types.is_large_binary(kind)


def _ids(file: 'parquet.ParquetFile', path: Path, column: str | None) -> Iterator[str | None]:
    """Yield the id of each row, None where it has none."""
    if column is None:
        yield from (f'{path}#{row}' for row in range(file.metadata.num_rows))
        return
    if column not in file.schema_arrow.names:
        raise InputError(
            f'{path}: --id-column {column}: its columns are {", ".join(file.schema_arrow.names) or "none"}'
        )
    for batch in file.iter_batches(columns=[column]):
        yield from (None if value is None else str(value) for value in batch.column(0).to_pylist())
