"""The table as CSV, for spreadsheets and statistics."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..frames import SourceInfo
from ..results import ImageResult
from .base import BaseSink
from .files import Stream
from .table import about_columns, table_of, write_about

__all__ = ['CsvSink']

_DECIMALS = dict(time=6, score=4, probability=4, var_x=3, var_y=3, cov_xy=3)


class CsvSink(BaseSink):
    """Writes ``STEM.csv`` (RFC 4180, UTF-8; what is not known is empty), and in ``STEM.csv.json`` what columns mean."""

    format = 'csv'

    @property
    def outputs(self) -> Sequence[Path]:
        """The table and its twin."""
        return [self.folder / f'{self.stem}.csv', self.folder / f'{self.stem}.csv.json']

    def open(self, info: SourceInfo, keypoint_set: Mapping[str, object] | None) -> None:
        """Begin.

        Raises:
            OutputError: it cannot be written.
        """
        about = about_columns(info, keypoint_set)
        self._columns: list[str] = about['columns']
        self._stream = Stream(self.outputs[0])
        write_about(self.outputs[1], about)
        self._stream.add(_lines([self._columns]))

    def write(self, result: ImageResult) -> None:
        """Write the people of a frame; without people there is no row.

        Raises:
            OutputError: full disk.
        """
        if len(result.poses):
            table = table_of(result)
            columns = [_texts(name, table[name]) for name in self._columns]
            self._stream.add(_lines(zip(*columns, strict=True)))

    def close(self) -> None:
        """Finish the file.

        Raises:
            OutputError: full disk.
        """
        self._stream.close()

    def abort(self) -> None:
        """Leave what was written."""
        self._stream.abort()


def _lines(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator='\r\n').writerows(rows)
    return text.getvalue()


def _texts(name: str, values: np.ndarray) -> list[object]:
    """Return a column (N,) as it is written."""
    if name == 'track_id':
        return ['' if value < 0 else int(value) for value in values]
    if values.dtype.kind in 'biu':
        return [int(value) for value in values]
    if values.dtype.kind != 'f':
        return list(values)
    decimals = next((d for end, d in _DECIMALS.items() if name.endswith(end)), 2)
    return [round(value, decimals) if value == value else '' for value in values.astype(np.float64).tolist()]
