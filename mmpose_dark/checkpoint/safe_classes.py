"""The classes a checkpoint may hold besides tensors, and what stands for them while it is read.

OpenMMLab toolboxes, mmengine and the research code bases put more than tensors into their files:
NumPy numbers (best scores), arrays (keypoint sigmas), logs of the training (``HistoryBuffer``),
config dictionaries. PyTorch's ``weights_only`` reader knows none of them. It can be told to accept a
class by name, but the real ones are too powerful: ``builtins.getattr`` reaches anything, and a forged
``numpy.dtype`` state turns bytes into pointers. So each name leads to a *stand-in* defined here, which
checks its arguments and keeps plain data; `restore` turns the stand-ins into the real objects.
"""

import argparse
import collections
import contextlib
import datetime
import pathlib
import threading
from collections.abc import Callable, Iterable, Iterator
from pickle import UnpicklingError
from typing import Any, NamedTuple

import numpy as np
import torch

__all__ = ['allow_safe_classes', 'is_safe_class', 'restore']

_LOCK = threading.RLock()
_DTYPE_KINDS = 'biufcSUO'
_HISTORY_STATISTICS = ('min', 'max', 'current', 'mean')

# Classes that only hold what they are given, accepted as they are.
_HARMLESS = (
    *(bool, bytearray, complex, dict, float, frozenset, int, list, set, slice, str, tuple),
    *(collections.Counter, datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.timezone),
    *(np.float16, np.float32, np.float64, np.int8, np.int16, np.int32, np.int64, np.uint8, np.bool_),
)
_ALLOWED: dict[str, Callable] = {f'{c.__module__}.{c.__qualname__}': c for c in _HARMLESS}


def _stands_for(*full_names: str) -> Callable[[Callable], Callable]:
    """Enter a class or function into the list of allowed names.

    PyTorch's reader asks an allowed object for its name. A pair of object and name, which it takes
    since 2.6, would be simpler than giving the stand-in the name of what it stands for.
    """

    def named(target: Callable, full_name: str) -> Callable:
        target.__module__, _, target.__name__ = full_name.rpartition('.')
        target.__qualname__ = target.__name__
        return target

    def enter(stand_in: Callable) -> Callable:
        if isinstance(stand_in, type):
            _ALLOWED[full_names[0]] = named(stand_in, full_names[0])
        else:
            for full_name in full_names:
                _ALLOWED[full_name] = named(lambda *args: stand_in(*args), full_name)
        return stand_in

    return enter


@_stands_for('numpy.dtype')
class _Dtype:
    """Numbers, strings and objects only; of a pickled state, only the byte order is used."""

    def __init__(self, spec: str, *_: object) -> None:
        try:
            self.value = np.dtype(spec if isinstance(spec, str) else None)
        except TypeError as err:
            raise UnpicklingError(f'unknown NumPy dtype {spec!r}') from err
        if not isinstance(spec, str) or self.value.kind not in _DTYPE_KINDS or self.value.fields:
            raise UnpicklingError(f'NumPy dtype {spec!r} is not read from checkpoints')

    def __setstate__(self, state: tuple) -> None:
        if state[1] in ('<', '>'):
            self.value = self.value.newbyteorder(state[1])

    def read(self, data: bytes, count: int) -> np.ndarray:
        """Return ``count`` values, a copy of ``data`` in this machine's byte order."""
        if self.value.kind == 'O' or not isinstance(data, (bytes, bytearray)):
            raise UnpicklingError('a NumPy value that is not made of bytes')
        if len(data) != count * self.value.itemsize:
            raise UnpicklingError(f'{count} NumPy values of type {self.value} announced, {len(data)} bytes found')
        if count and not self.value.itemsize:
            raise UnpicklingError(f'{count} NumPy values of no size')
        if not data:
            return np.zeros(count, self.value)
        return np.frombuffer(bytes(data), self.value, count).astype(self.value.newbyteorder('='))


@_stands_for('numpy.ndarray')
class _Array:
    value: np.ndarray

    def __setstate__(self, state: tuple) -> None:
        _, shape, dtype, is_fortran, data = state
        if not isinstance(dtype, _Dtype) or not all(type(n) is int and n >= 0 for n in shape):
            raise UnpicklingError('malformed NumPy array')
        count = int(np.prod(shape, dtype=object))
        if dtype.value.kind == 'O':
            if type(data) is not list or len(data) != count:
                raise UnpicklingError('malformed NumPy object array')
            flat = np.empty(count, object)
            for i, item in enumerate(data):
                flat[i] = item
        else:
            flat = dtype.read(data, count)
        self.value = flat.reshape(shape, order='F' if is_fortran else 'C')


@_stands_for('numpy.core.multiarray._reconstruct', 'numpy._core.multiarray._reconstruct')
def _new_array(subtype: type, *_: object) -> _Array:
    if subtype is not _Array:
        raise UnpicklingError(f'{subtype} in place of numpy.ndarray')
    return _Array()


@_stands_for('numpy.core.multiarray.scalar', 'numpy._core.multiarray.scalar')
def _new_scalar(dtype: _Dtype, data: bytes = b'') -> Any:
    if not isinstance(dtype, _Dtype):
        raise UnpicklingError('malformed NumPy number')
    return dtype.read(data, 1)[0]


@_stands_for('mmengine.logging.history_buffer.HistoryBuffer')
class _History:
    def __setstate__(self, state: dict) -> None:
        self.log, self.count = state.get('_log_history'), state.get('_count_history')
        self.max_length = int(state.get('max_length', 1000000))

    def restored(self) -> Any:
        from mmengine.logging import HistoryBuffer

        if not isinstance(self.log, _Array) or not isinstance(self.count, _Array):
            raise UnpicklingError('malformed HistoryBuffer')
        log, count = self.log.value, self.count.value
        if log.dtype == object or count.dtype == object or log.ndim != 1 or log.shape != count.shape:
            raise UnpicklingError('malformed HistoryBuffer')
        return HistoryBuffer(log, count, self.max_length)


@_stands_for('builtins.getattr')
def _history_statistic(owner: object, name: str) -> None:
    # HistoryBuffer writes its four statistics as getattr(HistoryBuffer, 'mean'); it has them anyway.
    if owner is not _History or name not in _HISTORY_STATISTICS:
        raise UnpicklingError(f'GLOBAL builtins.getattr asked for {name!r}')


class _Marker(NamedTuple):
    """First item of the list or dict that stands for a deque or defaultdict: the reader fills nothing else."""

    kind: type
    argument: object


@_stands_for('collections.deque')
def _new_deque(items: Iterable[object] = (), maxlen: int | None = None) -> list:
    return [_Marker(collections.deque, maxlen), *items]


@_stands_for('collections.defaultdict')
def _new_defaultdict(factory: object = None, *items: Iterable) -> dict:
    if not any(factory is known for known in (None, list, dict, int, float, str, bool, set, tuple)):
        raise UnpicklingError(f'defaultdict of {factory}')
    return {_Marker(collections.defaultdict, factory): None, **dict(*items)}


@_stands_for('_codecs.encode')
def _new_bytes(text: str, encoding: str = '') -> bytes:
    if not isinstance(text, str) or encoding != 'latin1':
        raise UnpicklingError(f'_codecs.encode asked for {encoding!r}')
    return text.encode('latin1')  # how pickle protocol 2 writes bytes; PyTorch allows it itself since 2.5


@_stands_for('builtins.bytes')
def _no_bytes() -> bytes:
    return b''  # the only bytes that are written under this name


@_stands_for('mmengine.config.config.ConfigDict')
def _new_config(*items: Iterable) -> dict:
    return dict(*items)


@_stands_for('pathlib.PosixPath', 'pathlib._local.PosixPath', 'pathlib.PurePosixPath')
def _new_path(*parts: str) -> pathlib.PurePath:
    return pathlib.PurePosixPath(*parts)


@_stands_for('pathlib.WindowsPath', 'pathlib._local.WindowsPath', 'pathlib.PureWindowsPath')
def _new_windows_path(*parts: str) -> pathlib.PurePath:
    return pathlib.PureWindowsPath(*parts)


@_stands_for('argparse.Namespace')
class _Namespace:
    def __setstate__(self, state: dict) -> None:
        self.state = state


def is_safe_class(full_name: str) -> bool:
    """Say whether a checkpoint may name this class or function.

    >>> is_safe_class('numpy.core.multiarray.scalar'), is_safe_class('os.system')
    (True, False)
    """
    from torch import _weights_only_unpickler as reader

    return full_name in _ALLOWED or full_name in reader._get_allowed_globals()


@contextlib.contextmanager
def allow_safe_classes() -> Iterator[None]:
    """Let ``torch.load(..., weights_only=True)`` accept the names of this module inside the ``with`` block.

    What the user allowed with ``torch.serialization.add_safe_globals`` stays allowed, except names
    that have a stand-in here, and is as before afterwards.
    """

    def name_of(entry: object) -> str:
        return entry[1] if isinstance(entry, tuple) else f'{entry.__module__}.{entry.__qualname__}'

    serialization = torch.serialization
    ours = list(_ALLOWED.values())
    with _LOCK:
        replaced = [entry for entry in serialization.get_safe_globals() if name_of(entry) in _ALLOWED]
        _remove(replaced)
        serialization.add_safe_globals(ours)
        try:
            yield
        finally:
            _remove(ours)
            serialization.add_safe_globals(replaced)


def _remove(entries: list) -> None:
    kept = [e for e in torch.serialization.get_safe_globals() if not any(e is entry for entry in entries)]
    torch.serialization.clear_safe_globals()
    torch.serialization.add_safe_globals(kept)


def restore(value: object) -> Any:
    """Replace the stand-ins in a tree of dictionaries, lists and tuples by what they stand for.

    Args:
        value: what the reader returned; dictionaries and lists in it are changed in place.

    Raises:
        UnpicklingError: a stand-in holds what the real object never does.

    >>> restore({'milestones': _new_deque([3, 5], 2)})
    {'milestones': deque([3, 5], maxlen=2)}
    """
    return _restore(value, {})


def _restore(value: object, done: dict[int, tuple[Any, Any]]) -> Any:
    if isinstance(value, (torch.Tensor, str, bytes, int, float, type(None))):
        return value
    if id(value) in done:
        return done[id(value)][1]
    result = value
    done[id(value)] = (value, result)  # the value is kept so that its id is not given to another
    if isinstance(value, _Array):
        result = value.value
        if result.dtype == object:
            for i, item in enumerate(result.flat):
                result.flat[i] = _restore(item, done)
    elif isinstance(value, _Dtype):
        result = value.value
    elif isinstance(value, _History):
        result = value.restored()
    elif isinstance(value, _Namespace):
        result = argparse.Namespace(**{str(k): _restore(v, done) for k, v in value.state.items()})
    elif isinstance(value, list):
        value[:] = [_restore(v, done) for v in value]
        if value and isinstance(value[0], _Marker):
            result = collections.deque(value[1:], value[0].argument)
    elif isinstance(value, dict):
        for k in list(value):
            value[k] = _restore(value[k], done)
        first = next(iter(value), None)
        if isinstance(first, _Marker):
            del value[first]
            result = collections.defaultdict(first.argument, value)
    elif type(value) is tuple:
        items = [_restore(v, done) for v in value]
        if any(new is not old for new, old in zip(items, value, strict=True)):
            result = tuple(items)
    done[id(value)] = (value, result)
    return result
