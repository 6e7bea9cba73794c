"""What the backends for images in one file have in common: from the path of an image to a member."""

import os
import posixpath
from abc import abstractmethod

from mmengine.fileio import BaseStorageBackend

from ...utils.errors import MissingFileError, UserError

__all__ = ['MAX_MEMBER', 'ArchiveError', 'PackedBackend', 'member_name']

MAX_MEMBER = 1 << 31
"""Bytes of the largest member that is read: no image file is larger."""


class ArchiveError(UserError, OSError):
    """An archive is missing, cut off, damaged or of a kind that cannot be read; the message says what to do."""


def member_name(name: str) -> str:
    """Name of a member without ``./`` and ``/`` in front, as ``tar`` would unpack it.

    >>> member_name('./train2017//a.jpg'), member_name('/a.jpg')
    ('train2017/a.jpg', 'a.jpg')
    """
    return posixpath.normpath(name).lstrip('/')


class PackedBackend(BaseStorageBackend):
    """Base of the backends that read members of an archive under the paths they would have unpacked.

    The member read for ``data/coco/train2017/a.jpg`` with ``root='data/coco'`` is ``train2017/a.jpg``.
    Nothing is opened before the first use. Instances may be used by several threads, in forked
    workers and, pickled (the arguments only), in spawned ones.

    Args:
        root: folder that the archive is read as if it were unpacked in.
    """

    def __init__(self, root: str) -> None:
        self.root = os.path.normpath(root)
        self._prefix = '' if self.root == os.curdir else os.path.join(self.root, '')

    def member(self, filepath: str | os.PathLike) -> str | None:
        """Name of the member that stands for a path; None for a path outside ``root``.

        >>> from mmpose_dark.datasets.storage import ZipBackend
        >>> ZipBackend('data/coco/train2017.zip').member('data/coco/train2017/a.jpg')
        'train2017/a.jpg'
        """
        path = os.path.normpath(filepath)
        if self._prefix and path.startswith(self._prefix):
            name = path[len(self._prefix) :]
        else:
            # One may be absolute and the other not, or the root is the working directory.
            path, prefix = os.path.abspath(path), os.path.join(os.path.abspath(self.root), '')
            if not path.startswith(prefix):
                return None
            name = path[len(prefix) :]
        return name.replace(os.sep, '/')

    def get(self, filepath: str | os.PathLike) -> bytes:
        """Read the member that stands for a path.

        Raises:
            FileNotFoundError: the archive has no such member.
            ArchiveError: see :meth:`open`; or the member is damaged.
        """
        found = self._find(filepath)
        if found is None:
            raise MissingFileError(self._why_missing(filepath))
        return self._read(found)

    def get_text(self, filepath: str | os.PathLike, encoding: str = 'utf-8') -> str:
        """Read a member as text; see :meth:`get`."""
        return self.get(filepath).decode(encoding)

    def exists(self, filepath: str | os.PathLike) -> bool:
        """Whether the archive has a member for a path.

        Raises:
            ArchiveError: see :meth:`open`.
        """
        return self._find(filepath) is not None

    @abstractmethod
    def open(self) -> None:
        """Look at the archive again if it is another one by now; called by the first read otherwise.

        Raises:
            ArchiveError: it is missing, cut off, damaged, or of a kind that cannot be read.
        """

    @abstractmethod
    def state(self, filepath: str | os.PathLike) -> tuple | None:
        """What changes when the content of a path does (hashable); None if there is no such member."""

    @abstractmethod
    def _find(self, filepath: str | os.PathLike) -> tuple[int, ...] | bytes | None:
        """Where the member for a path lies, or None."""

    @abstractmethod
    def _read(self, found: tuple[int, ...] | bytes) -> bytes:
        """Read what :meth:`_find` found."""

    @abstractmethod
    def _describe(self) -> str:
        """Name the archive, for errors."""

    @abstractmethod
    def _count_and_examples(self) -> tuple[int, list[str]]:
        """Number of members and the names of the first three."""

    def _why_missing(self, filepath: str | os.PathLike) -> str:
        name = self.member(filepath)
        count, examples = self._count_and_examples()
        listed = ', '.join(map(repr, examples)) + (', ...' if count > len(examples) else '')
        what = 'the path lies outside of it' if name is None else f'no member {name!r}'
        has = f'it has {count} members: {listed}' if count else 'it is empty'
        return f'no such file in {self._describe()}, read as if unpacked in root={self.root!r}: {what}; {has}'
