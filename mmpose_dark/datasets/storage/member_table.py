"""Names and places of the members of an archive, as arrays that forked workers share."""

from collections.abc import Mapping, Sequence

import numpy as np

__all__ = ['MemberTable']


class MemberTable:
    """Finds a name among many.

    A dictionary of 100,000 members takes 30 MB, and as much again in each worker that looks things
    up in it, since counting references writes into the memory. These arrays take 7 MB, once.

    Args:
        members: whole numbers for each name, equally many.

    >>> table = MemberTable({'b.jpg': (0, 512, 7), 'a.jpg': (1, 0, 9)})
    >>> table.find('b.jpg'), table.find('c.jpg'), len(table), table.first(1)
    ((0, 512, 7), None, 2, ['a.jpg'])
    """

    def __init__(self, members: Mapping[str, Sequence[int]]) -> None:
        encoded = {_encode(name): row for name, row in members.items()}
        names = sorted(encoded)
        self._names = np.array(names, dtype=np.bytes_)
        self._rows = np.array([encoded[name] for name in names], np.int64)

    def __len__(self) -> int:
        return len(self._names)

    def find(self, name: str) -> tuple[int, ...] | None:
        """Numbers of a name, or None."""
        key = _encode(name)
        # A longer key would make NumPy copy all names to its length.
        if not len(self._names) or len(key) > self._names.itemsize:
            return None
        at = int(self._names.searchsorted(key))
        return tuple(self._rows[at].tolist()) if at < len(self._names) and self._names[at] == key else None

    def first(self, count: int) -> list[str]:
        """The first ``count`` names, in alphabetical order."""
        return [name.decode('utf-8', 'surrogateescape') for name in self._names[:count].tolist()]


def _encode(name: str) -> bytes:
    return name.encode('utf-8', 'surrogateescape')
