"""Values of an LMDB database."""

import os
import threading
from typing import Any

from ...utils.errors import MissingPackageError
from .packed_backend import ArchiveError, PackedBackend

__all__ = ['LmdbBackend']

# By path the database and which file it is. LMDB must not open one twice in a process, whatever the arguments.
_opened: dict[str, tuple[Any, tuple[int, int] | None]] = {}
_lock = threading.Lock()


def _forget_inherited() -> None:
    """LMDB must not be used in a forked process: close it there, to be opened anew."""
    global _lock
    _lock = threading.Lock()
    for env, _ in _opened.values():
        env.close()
    _opened.clear()


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_forget_inherited)


class LmdbBackend(PackedBackend):
    """Read images from an LMDB database whose keys are their names; needs the package ``lmdb``.

    ``dict(backend='lmdb', db_path='data/coco/train2017.lmdb')``

    Keys are paths relative to ``root`` or, as with mmengine's backend of this name, the paths of
    the images as they stand.

    Args:
        db_path: of the database: a folder with data.mdb, or a single file.
        readonly: as in mmengine, passed to ``lmdb.open``, as the next two and ``kwargs`` are.
        lock: not needed where nobody writes.
        readahead: reading ahead does not help with images in random order.
        root: folder that it is read as if unpacked in; by default the one that it lies in.
        **kwargs: of ``lmdb.open``.

    Raises:
        ImportError: the package ``lmdb`` is not installed.
    """

    def __init__(
        self,
        db_path: str | os.PathLike,
        readonly: bool = True,
        lock: bool = False,
        readahead: bool = False,
        root: str | None = None,
        **kwargs: Any,
    ) -> None:
        try:
            import lmdb  # noqa: F401
        except ImportError as err:
            raise MissingPackageError("backend='lmdb' needs the package lmdb: pip install lmdb") from err
        self.db_path = os.fspath(db_path)
        super().__init__(os.path.dirname(os.path.normpath(self.db_path)) if root is None else root)
        self.settings = dict(readonly=readonly, lock=lock, readahead=readahead, **kwargs)

    def open(self) -> None:
        """Open the database, again if it was replaced; see :meth:`PackedBackend.open`."""
        key = os.path.realpath(self.db_path)
        with _lock:
            if key in _opened and _opened[key][1] != _which_file(key):
                _opened.pop(key)[0].close()
        self._environment()

    def state(self, filepath: str | os.PathLike) -> tuple | None:
        """What changes when the value of a path does; None if there is no such key."""
        if not self.exists(filepath):
            return None
        return self.db_path, self._environment().info()['last_txnid'], os.fspath(filepath)

    def _environment(self) -> Any:
        key = os.path.realpath(self.db_path)
        if key not in _opened:
            with _lock:
                if key not in _opened:
                    _opened[key] = _open(self.db_path, self.settings), _which_file(key)
        return _opened[key][0]

    def _find(self, filepath: str | os.PathLike) -> bytes | None:
        import lmdb

        path = os.fspath(filepath)
        with self._environment().begin(write=False) as txn:
            for name in (path, self.member(path)):
                if not name:
                    continue
                try:
                    value = txn.get(name.encode('utf-8', 'surrogateescape'))
                except lmdb.BadValsizeError:  # longer than any key
                    continue
                except lmdb.Error as err:
                    raise ArchiveError(f'LMDB {self.db_path!r} cannot be read: {err}') from err
                if value is not None:
                    return value
        return None

    def _read(self, found: bytes) -> bytes:
        return found

    def _describe(self) -> str:
        return f'LMDB {self.db_path!r}'

    def _count_and_examples(self) -> tuple[int, list[str]]:
        env = self._environment()
        with env.begin(write=False) as txn:
            keys = [key for _, key in zip(range(3), txn.cursor().iternext(values=False), strict=False)]
        return env.stat()['entries'], [key.decode('utf-8', 'replace') for key in keys]


def _data_file(path: str) -> str:
    return os.path.join(path, 'data.mdb') if os.path.isdir(path) else path


def _which_file(path: str) -> tuple[int, int] | None:
    data = _data_file(path)
    if not os.path.exists(data):
        return None
    stat = os.stat(data)
    return stat.st_dev, stat.st_ino


def _open(path: str, settings: dict[str, Any]) -> Any:
    import lmdb

    data = _data_file(path)
    if not os.path.isfile(data):
        raise ArchiveError(f'LMDB {path!r} does not exist (looked from {os.getcwd()}); give the folder, or the file')
    try:
        env = lmdb.open(path, **dict(dict(subdir=os.path.isdir(path)), **settings))
        last, page = env.info()['last_pgno'], env.stat()['psize']
    except lmdb.Error as err:
        raise ArchiveError(f'LMDB {path!r} is damaged or no LMDB: {err}; get or pack it anew') from err
    needed, size = (last + 1) * page, os.path.getsize(data)
    if size < needed:
        # Reading what is not there would end the process.
        env.close()
        raise ArchiveError(f'LMDB {path!r} is cut off: it has {size} of {needed} bytes; get or pack it anew')
    return env
