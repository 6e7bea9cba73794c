"""What a pickle would cost, found out by reading its instructions without following them.

A small pickle can ask for any amount of memory or time: storages of a declared size, constructors that take a number,
copies of copies, tuples of tuples whose hash takes for ever. `check_pickle` keeps count on a stack of its own and
refuses before anything is made.
"""

import io
import pickletools
from collections.abc import Callable, Iterable
from typing import IO

__all__ = ['Bounded', 'CostlyPickleError', 'check_pickle']

_LARGEST_KEY = 10_000_000  # values in a tuple of tuples, each counted as often as it is met
_COPIES = 16  # times the file's size that constructors may copy
_SPARE = 1 << 20
_WIDTHS = dict(
    ComplexDouble=16, Double=8, Long=8, ComplexFloat=8, Float=4, Int=4, QInt32=4, Half=2, BFloat16=2, Short=2
)  # fmt: skip


class CostlyPickleError(ValueError):
    """A pickle that asks for more than its file can hold."""


class _Item:
    """A value on the stack: what it costs to hash, how much it holds, and what it is where that matters."""

    __slots__ = ('cost', 'length', 'value')

    def __init__(self, cost: int = 1, length: int = 0, value: object = None) -> None:
        self.cost, self.length, self.value = cost, length, value


_MARK = _Item()
_SIMPLE = ('NONE', 'NEWTRUE', 'NEWFALSE', 'EMPTY_LIST', 'EMPTY_DICT', 'EMPTY_SET', 'EMPTY_TUPLE')
_VALUES = ('INT', 'LONG', 'FLOAT', 'STRING', 'UNICODE', 'BYTES')
_TUPLES = dict(TUPLE1=1, TUPLE2=2, TUPLE3=3)


def check_pickle(file: IO[bytes] | bytes, size: int) -> None:
    """Read the instructions of one pickle, and leave the file behind it.

    Args:
        file: a file at the beginning of a pickle, or its content.
        size: bytes of the whole checkpoint, the measure of what is too much.

    Raises:
        CostlyPickleError: it asks for too much.
        ValueError: it is no pickle.

    >>> import pickle
    >>> check_pickle(pickle.dumps({'a': [1, 2]}), 100)
    """
    _Reader(size).read(io.BytesIO(file) if isinstance(file, bytes) else Bounded(file, size))


class Bounded:
    """A file of which no more is read than it can hold, whatever length a pickle claims."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._size = file, size
        self.readline, self.tell = file.readline, file.tell

    def read(self, count: int) -> bytes:
        """Return at most ``count`` bytes.

        >>> Bounded(io.BytesIO(b'abc'), 3).read(1 << 60)
        b'abc'
        """
        return self._file.read(min(count, self._size))


class _Reader:
    def __init__(self, size: int) -> None:
        self.size = size
        self.stack: list[_Item] = []
        self.memo: dict[int, _Item] = {}
        self.storages: dict[object, int] = {}
        self.copied = self.hashed = self.claimed = 0
        self.steps: dict[str, Callable[[], object]] = {
            'REDUCE': self._call,
            'NEWOBJ': self._call,
            'BUILD': self._build,
            'APPEND': lambda: self._add([self._pop()]),
            'APPENDS': lambda: self._add(self._pop_to_mark()),
            'ADDITEMS': lambda: self._add_keys(self._pop_to_mark(), every=1),
            'SETITEM': lambda: self._add_keys([self._pop(), self._pop()][::-1]),
            'SETITEMS': lambda: self._add_keys(self._pop_to_mark()),
            'TUPLE': lambda: self._push_tuple(self._pop_to_mark()),
            'FROZENSET': lambda: self._push_tuple(self._pop_to_mark()),
            'LIST': lambda: self._push(_Item(length=len(self._pop_to_mark()))),
            'DICT': lambda: self._push(_Item(length=len(self._pop_to_mark()))),
            'STACK_GLOBAL': self._global,
            'BINPERSID': self._storage,
            'MARK': lambda: self._push(_MARK),
            'POP': self._pop,
            'POP_MARK': self._pop_to_mark,
            'DUP': lambda: self._push(self.stack[-1]),
            'MEMOIZE': lambda: self.memo.__setitem__(len(self.memo), self.stack[-1]),
        }

    def read(self, file: IO[bytes]) -> None:
        for opcode, argument, _ in pickletools.genops(file):
            try:
                self._step(opcode.name, argument)
            except (IndexError, KeyError) as err:
                raise ValueError('a malformed pickle') from err

    def _step(self, name: str, argument: object) -> None:
        if name in self.steps:
            self.steps[name]()
        elif name.endswith('PUT'):
            self.memo[argument] = self.stack[-1]
        elif name.endswith('GET'):
            self._push(self.memo[argument])
        elif name == 'GLOBAL':
            self._push(_Item(value=str(argument).replace(' ', '.')))
        elif name in _TUPLES:
            self._push_tuple([self._pop() for _ in range(_TUPLES[name])][::-1])
        elif name in _SIMPLE:
            self._push(_Item(value=() if name == 'EMPTY_TUPLE' else None))
        elif argument is not None and any(kind in name for kind in _VALUES):
            length = len(argument) if isinstance(argument, str | bytes) else 0
            self._push(_Item(length=length, value=argument if not isinstance(argument, bytes) else None))
        elif name not in ('PROTO', 'FRAME', 'STOP'):
            raise ValueError(f'a pickle with {name}, which torch.save does not write')

    def _push(self, item: _Item) -> None:
        self.stack.append(item)

    def _pop(self) -> _Item:
        return self.stack.pop()

    def _pop_to_mark(self) -> list[_Item]:
        items: list[_Item] = []
        while (item := self.stack.pop()) is not _MARK:
            items.append(item)
        return items[::-1]

    def _push_tuple(self, items: list[_Item]) -> None:
        cost = 1 + sum(item.cost for item in items)
        if cost > _LARGEST_KEY:
            raise CostlyPickleError('tuples of tuples that take for ever to compare')
        self._push(_Item(cost, len(items), tuple(items)))

    def _add(self, items: list[_Item]) -> None:
        self.stack[-1].length += len(items)

    def _add_keys(self, items: list[_Item], every: int = 2) -> None:
        self._hash(sum(item.cost for item in items[::every]))
        self._add(items)

    def _hash(self, cost: int) -> None:
        self.hashed += cost
        if self.hashed > _LARGEST_KEY + _COPIES * self.size:
            raise CostlyPickleError('keys that take for ever to compare')

    def _copy(self, items: Iterable[_Item]) -> None:
        self.copied += sum(item.length for item in items)
        if self.copied > _COPIES * self.size + _SPARE:
            raise CostlyPickleError('copies of copies, more than the file could hold')

    def _call(self) -> None:
        arguments, function = self._pop(), self._pop()
        items = arguments.value if isinstance(arguments.value, tuple) else ()
        name = function.value if isinstance(function.value, str) else ''
        makes_room = name.endswith(('Storage', 'Tensor', '.bytearray', '.Parameter'))
        if makes_room and any(isinstance(item.value, int) for item in items):
            raise CostlyPickleError(f'{name} of a size that a number says')
        if name.endswith('.str') and not all(isinstance(item.value, str) for item in items):
            raise CostlyPickleError('the text of something that is no text')
        if name.endswith(('set', '.Counter')):
            self._hash(arguments.cost)
        self._copy(items)
        length = sum(item.length for item in items)
        self._push(_Item(arguments.cost + 1, length))

    def _build(self) -> None:
        state = self._pop()
        self._copy(state.value if isinstance(state.value, tuple) else [state])

    def _global(self) -> None:
        name, module = self._pop().value, self._pop().value
        self._push(_Item(value=f'{module}.{name}'))

    def _storage(self) -> None:
        named = self._pop().value
        parts = [item.value for item in named] if isinstance(named, tuple) else []
        if len(parts) >= 5 and parts[0] == 'storage' and isinstance(parts[4], int):
            kind = str(parts[1]).rpartition('.')[2].removesuffix('Storage')
            claimed = max(parts[4], 0) * _WIDTHS.get(kind, 1)
            self.claimed += claimed - self.storages.get(parts[2], 0)
            self.storages[parts[2]] = claimed
            if self.claimed > self.size:
                raise CostlyPickleError(f'{self.claimed:,} bytes of tensors in a file of {self.size:,}')
        self._push(_Item())
