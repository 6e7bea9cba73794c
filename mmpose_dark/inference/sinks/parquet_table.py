"""The table as Parquet, for large ones."""

import importlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from ...utils.errors import MissingPackageError
from ..frames import SourceInfo
from ..results import ImageResult
from .base import BaseSink
from .files import WholeFile, writing
from .table import about_columns, table_of, write_about

if TYPE_CHECKING:
    import pyarrow

__all__ = ['ParquetSink', 'image_columns', 'image_schema', 'people_schema', 'people_table']

_ROWS = 5000  # people, or images, of a row group; what waits for one is all that is kept in memory
_LEFT = 'what was there before is untouched'


def people_schema(arrow: ModuleType, about: Mapping[str, object]) -> 'pyarrow.Schema':
    """Return the columns of people, with what they mean as metadata, and which image and shard they are of."""
    kinds = dict(frame='int64', time='float64', image='string', track_id='int64', filled='bool_')
    kinds = {name: kinds.get(name, 'float32') for name in about['columns']} | dict(image_id='string', shard='int64')
    fields = [(name, getattr(arrow, kind)()) for name, kind in kinds.items()]
    return arrow.schema(fields, metadata={'mmpose_dark': json.dumps(about)})


def people_table(
    arrow: ModuleType, schema: 'pyarrow.Schema', tables: Sequence[Mapping[str, np.ndarray]]
) -> 'pyarrow.Table':
    """Return the people of several images; NaN, and -1 for a track, become missing."""
    columns = []
    for field in schema:
        if not tables:
            columns.append(arrow.array([], field.type))
            continue
        values = np.concatenate([table[field.name] for table in tables])
        missing = values < 0 if field.name == 'track_id' else np.isnan(values) if values.dtype.kind == 'f' else None
        columns.append(arrow.array(values, field.type, mask=missing))
    return arrow.Table.from_arrays(columns, schema=schema)


def image_schema(arrow: ModuleType) -> 'pyarrow.Schema':
    """Return the columns of images: ``image``, ``image_id``, ``shard``, ``people``, and ``error``, '' for none."""
    kinds = dict(image='string', image_id='string', shard='int64', people='int64', error='string')
    return arrow.schema([(name, getattr(arrow, kind)()) for name, kind in kinds.items()])


def image_columns(arrow: ModuleType, records: Sequence[Mapping[str, object]]) -> 'pyarrow.Table':
    """Return one row an image, of `image_schema`."""
    return arrow.Table.from_pylist(list(records), schema=image_schema(arrow))


class _Growing:
    """A Parquet file that is written a row group at a time, and gets its name when it is complete."""

    def __init__(self, path: Path, schema: 'pyarrow.Schema', parquet: ModuleType) -> None:
        self._path, self._whole = path, WholeFile(path, None)
        with writing(path):
            self._writer = parquet.ParquetWriter(self._whole.temporary, schema)

    def add(self, table: 'pyarrow.Table') -> None:
        """Write a row group.

        Raises:
            OutputError: full disk.
        """
        with writing(self._path, left=_LEFT):
            self._writer.write_table(table)

    def finish(self) -> None:
        """Write the end of the file, which does not have its name yet.

        Raises:
            OutputError: full disk.
        """
        with writing(self._path, left=_LEFT):
            self._writer.close()

    def complete(self) -> None:
        """Give the file its name."""
        self._whole.complete()

    def abort(self) -> None:
        """Remove what was written."""
        with suppress(OSError):
            self._writer.close()
        self._whole.abort()


class ParquetSink(BaseSink):
    """Writes ``STEM_people.parquet`` and ``STEM_images.parquet``, one row a person and one an image.

    What the columns of people mean stands in the metadata and in ``STEM_people.parquet.json``.
    """

    format = 'parquet'

    def __init__(self, folder: Path, stem: str) -> None:
        super().__init__(folder, stem)
        self._files: list[_Growing] = []
        try:
            self._arrow = importlib.import_module('pyarrow')
            self._parquet = importlib.import_module('pyarrow.parquet')
        except ImportError as err:
            raise MissingPackageError('--save parquet needs pyarrow: pip install pyarrow') from err

    @property
    def outputs(self) -> Sequence[Path]:
        """People, what their columns mean, and images."""
        people = self.folder / f'{self.stem}_people.parquet'
        return [people, people.with_name(f'{people.name}.json'), self.folder / f'{self.stem}_images.parquet']

    def open(self, info: SourceInfo, keypoint_set: Mapping[str, object] | None) -> None:
        """Begin.

        Raises:
            OutputError: it cannot be written.
        """
        people, meaning, images = self.outputs
        about = about_columns(info, keypoint_set)
        self._schema = people_schema(self._arrow, about)
        self._waiting: list[dict[str, np.ndarray]] = []
        self._records: list[dict[str, object]] = []
        self._rows = 0
        for path, schema in ((people, self._schema), (images, image_schema(self._arrow))):
            self._files.append(_Growing(path, schema, self._parquet))
        write_about(meaning, about)

    def write(self, result: ImageResult) -> None:
        """Write the people of a frame, and the frame.

        Raises:
            OutputError: full disk.
        """
        count = len(result.poses)
        self._records.append(
            dict(image=result.path, image_id=result.path, shard=0, people=count, error=result.error or '')
        )
        if count:
            own = dict(image_id=np.full(count, result.path, dtype=object), shard=np.zeros(count, np.int64))
            self._waiting.append(table_of(result) | own)
            self._rows += count
        if max(self._rows, len(self._records)) >= _ROWS:
            self._flush()

    def _flush(self) -> None:
        people, images = self._files
        if self._rows:
            people.add(people_table(self._arrow, self._schema, self._waiting))
        if self._records:
            images.add(image_columns(self._arrow, self._records))
        self._waiting, self._records, self._rows = [], [], 0

    def close(self) -> None:
        """Give the files their names.

        Raises:
            OutputError: full disk.
        """
        self._flush()
        for file in self._files:  # both to their end, before either replaces an old one
            file.finish()
        for file in self._files:
            file.complete()

    def abort(self) -> None:
        """Remove what was written."""
        for file in self._files:
            file.abort()
