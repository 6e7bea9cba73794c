"""The table as Parquet, for large ones."""

import importlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from ...utils.errors import MissingPackageError
from ..frames import SourceInfo
from ..results import ImageResult
from .base import BaseSink
from .files import WholeFile, writing
from .table import about_columns, table_of, write_about

__all__ = ['ParquetSink']

_ROWS = 5000  # people of a row group


class ParquetSink(BaseSink):
    """Writes ``STEM.parquet``; what columns mean stands in its metadata and in ``STEM.parquet.json``."""

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
        """The table and its twin."""
        return [self.folder / f'{self.stem}.parquet', self.folder / f'{self.stem}.parquet.json']

    def open(self, info: SourceInfo, keypoint_set: Mapping[str, object] | None) -> None:
        """Begin.

        Raises:
            OutputError: it cannot be written.
        """
        about = about_columns(info, keypoint_set)
        kinds = dict(frame='int64', time='float64', image='string', track_id='int64', filled='bool_')
        kinds = {name: kinds.get(name, 'float32') for name in about['columns']}
        fields = [(name, getattr(self._arrow, kind)()) for name, kind in kinds.items()]
        self._schema = self._arrow.schema(fields, metadata={'mmpose_dark': json.dumps(about)})
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
        if len(result.poses):
            self._waiting.append(table_of(result))
            self._rows += len(result.poses)
        if self._rows >= _ROWS:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        columns = []
        for field in self._schema:
            values = np.concatenate([table[field.name] for table in self._waiting])
            missing = values < 0 if field.name == 'track_id' else np.isnan(values) if values.dtype.kind == 'f' else None
            columns.append(self._arrow.array(values, field.type, mask=missing))
        with writing(self.outputs[0], left='what was there before is untouched'):
            self._writer.write_table(self._arrow.Table.from_arrays(columns, schema=self._schema))
        self._waiting, self._rows = [], 0

    def close(self) -> None:
        """Give the file its name.

        Raises:
            OutputError: full disk.
        """
        self._flush()
        with writing(self.outputs[0], left='what was there before is untouched'):
            self._writer.close()
        self._whole.complete()

    def abort(self) -> None:
        """Remove what was written."""
        if self._writer is not None:
            with suppress(OSError):
                self._writer.close()
        if self._whole is not None:
            self._whole.abort()
