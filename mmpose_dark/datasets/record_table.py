"""Records of a dataset as columns, so that worker processes share them.

A list of a million dictionaries is copied page by page into every worker, because reading a Python
object writes its reference count. A column is one array, and is read without being touched.
"""

import pickle
from collections.abc import Iterable, Sequence

import numpy as np

__all__ = ['RecordTable']


class _Numbers:
    """Arrays of one shape (...) and type as one of shape (N, ...)."""

    def __init__(self, values: list) -> None:
        self.data = np.stack(values)

    def get(self, i: int) -> np.ndarray:
        """Row i, of shape (...): a copy, so users may write to it."""
        return self.data[i].copy()

    def take(self, index: np.ndarray) -> '_Numbers':
        """The rows at ``index`` (M,)."""
        out = object.__new__(type(self))
        out.data = self.data[index]
        return out


class _Scalars(_Numbers):
    """Python integers, floats or booleans."""

    def __init__(self, values: list) -> None:
        self.data = np.array(values)

    def get(self, i: int) -> float | int | bool:
        return self.data[i].item()


class _Blobs:
    """Anything else, as bytes one after the other."""

    def __init__(self, blobs: Iterable[bytes]) -> None:
        blobs = list(blobs)
        self.ends = np.cumsum([0, *map(len, blobs)])
        self.data = np.frombuffer(b''.join(blobs), np.uint8)

    @classmethod
    def of(cls, values: list) -> '_Blobs':
        return cls(pickle.dumps(v, protocol=pickle.HIGHEST_PROTOCOL) for v in values)

    def raw(self, i: int) -> bytes:
        return self.data[self.ends[i] : self.ends[i + 1]].tobytes()

    def get(self, i: int) -> object:
        return pickle.loads(self.data[self.ends[i] : self.ends[i + 1]])

    def take(self, index: np.ndarray) -> '_Blobs':
        """The values at ``index`` (M,)."""
        return type(self)(self.raw(i) for i in index)


class _Strings(_Blobs):
    """Text, as UTF-8."""

    @classmethod
    def of(cls, values: list) -> '_Strings':
        return cls(v.encode() for v in values)

    def get(self, i: int) -> str:
        return self.raw(i).decode()


def _column(values: list) -> _Numbers | _Blobs:
    first = values[0]
    kinds = set(map(type, values))
    if kinds <= {int} or kinds <= {float} or kinds <= {bool}:
        return _Scalars(values)
    if kinds <= {str}:
        return _Strings.of(values)
    if kinds <= {np.ndarray} and all(v.shape == first.shape and v.dtype == first.dtype for v in values):
        return _Numbers(values)
    return _Blobs.of(values)


class RecordTable:
    """A sequence of records (dictionaries with the same keys), stored column by column.

    Args:
        records: all of them; a key that some lack reads as absent there.

    >>> table = RecordTable([dict(id=3, name='a'), dict(id=4, name='b', note=[1])])
    >>> len(table), table[1], table[-2]
    (2, {'id': 4, 'name': 'b', 'note': [1]}, {'id': 3, 'name': 'a'})
    """

    def __init__(self, records: Sequence[dict]) -> None:
        self._len = len(records)
        keys = dict.fromkeys(k for r in records for k in r)
        self._columns = {k: _column([r[k] for r in records]) for k in keys if all(k in r for r in records)}
        rest = [k for k in keys if k not in self._columns]
        self._rest = _Blobs.of([{k: r[k] for k in rest if k in r} for r in records]) if rest else None

    def __len__(self) -> int:
        return self._len

    def __getitem__(self, index: int) -> dict[str, object]:
        if not -self._len <= index < self._len:
            raise IndexError(f'record {index} of {self._len}')
        index %= self._len
        record = {key: column.get(index) for key, column in self._columns.items()}
        if self._rest is not None:
            record.update(self._rest.get(index))
        return record

    def take(self, index: Sequence[int]) -> 'RecordTable':
        """Return a table of the records at ``index``, in that order.

        >>> [r['id'] for r in RecordTable([dict(id=3), dict(id=4)]).take([1, 0, 1])]
        [4, 3, 4]
        """
        index = np.asarray(index, np.int64)
        if index.size and not (-self._len <= index.min() and index.max() < self._len):
            raise IndexError(f'records {index.min()} to {index.max()} of {self._len}')
        out = object.__new__(type(self))
        out._len = len(index)
        out._columns = {k: c.take(index % max(self._len, 1)) for k, c in self._columns.items()}
        out._rest = None if self._rest is None else self._rest.take(index % max(self._len, 1))
        return out

    def column(self, key: str) -> list | np.ndarray:
        """Return the values of one key that every record has; arrays as one of shape (N, ...).

        >>> table = RecordTable([dict(id=3, name='a'), dict(id=4, name='b')])
        >>> table.column('id').tolist(), table.column('name')
        ([3, 4], ['a', 'b'])
        """
        column = self._columns[key]
        return column.data if isinstance(column, _Numbers) else [column.get(i) for i in range(self._len)]
