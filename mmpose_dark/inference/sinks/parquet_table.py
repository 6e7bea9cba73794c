"""The table as Parquet, for large ones."""

import importlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from ...utils.atomic_file import atomic_path
from ...utils.errors import MissingPackageError
from ..frames import SourceInfo
from ..results import ImageResult
from .base import BaseSink
from .files import WholeFile, writing
from .table import about_columns, table_of, write_about

if TYPE_CHECKING:
    import pyarrow

__all__ = ['ParquetSink', 'image_columns', 'people_schema', 'people_table']

_ROWS = 5000  # people of a row group


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


def image_columns(arrow: ModuleType, records: Sequence[Mapping[str, object]]) -> 'pyarrow.Table':
    """Return one row an image: ``image``, ``image_id``, ``shard``, ``people``, and ``error``, '' for none."""
    kinds = dict(image='string', image_id='string', shard='int64', people='int64', error='string')
    schema = arrow.schema([(name, getattr(arrow, kind)()) for name, kind in kinds.items()])
    return arrow.Table.from_pylist(list(records), schema=schema)


class ParquetSink(BaseSink):
    """Writes ``STEM_people.parquet`` and ``STEM_images.parquet``, one row a person and one an image.

    What the columns of people mean stands in the metadata and in ``STEM_people.parquet.json``.
    """

    format = 'parquet'

    def __init__(self, folder: Path, stem: str) -> None:
        super().__init__(folder, stem)
        self._whole: WholeFile | None = None
        self._writer = None
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
        about = about_columns(info, keypoint_set)
        self._schema = people_schema(self._arrow, about)
        self._records: list[dict[str, object]] = []
        self._waiting: list[dict[str, np.ndarray]] = []
        self._rows = 0
        self._whole = WholeFile(self.outputs[0], None)
        with writing(self.outputs[0]):
            self._writer = self._parquet.ParquetWriter(self._whole.temporary, self._schema)
        write_about(self.outputs[1], about)

    def write(self, result: ImageResult) -> None:
        """Write the people of a frame.

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
            self._rows += len(result.poses)
        if self._rows >= _ROWS:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        with writing(self.outputs[0], left='what was there before is untouched'):
            self._writer.write_table(people_table(self._arrow, self._schema, self._waiting))
        self._waiting, self._rows = [], 0

    def close(self) -> None:
        """Give the file its name.

        Raises:
            OutputError: full disk.
        """
        self._flush()
        with writing(self.outputs[0], left='what was there before is untouched'):
            self._writer.close()
        with writing(self.outputs[2]), atomic_path(self.outputs[2]) as temporary:
            self._parquet.write_table(image_columns(self._arrow, self._records), temporary)
        self._whole.complete()

    def abort(self) -> None:
        """Remove what was written."""
        if self._writer is not None:
            with suppress(OSError):
                self._writer.close()
        if self._whole is not None:
            self._whole.abort()
