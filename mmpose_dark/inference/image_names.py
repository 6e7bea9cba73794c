"""Which entry of a file, named by an image's name or number, an image on the disk is."""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path

from .boxes import BoxError

__all__ = ['NameIndex', 'number_in_name', 'require_different']

Parts = tuple[str, ...]


def number_in_name(path: str | Path) -> int | None:
    """Return the number that an image is named by, as COCO's are; None where the name is another.

    Only the digits 0 to 9 make a number: of other scripts and of exponents, programs think differently.

    >>> number_in_name('val/000000000785.jpg'), number_in_name('5².jpg'), number_in_name('a7.jpg')
    (785, None, None)
    """
    stem = Path(path).stem
    return int(stem) if stem.isascii() and stem.isdigit() and len(stem) <= 18 else None


class NameIndex:
    """Finds the entry of an image among names that may have folders, suffixes, or neither.

    An entry is the image's if all that it says of the path is true: ``a.jpg`` and ``train/a.jpg`` are entries of
    ``/data/train/a.jpg``, and the longest wins. Where no entry is, the only one of the same file name is taken, as
    images are often moved to other folders.

    Args:
        names: of the file; the same name twice is one entry.
        where: how errors call the file.

    >>> index = NameIndex(['train/a.jpg', 'val/a.jpg', 'b'], 'boxes.json')
    >>> index.find('/data/val/a.jpg'), index.find('b.png'), index.find('c.jpg')
    ('val/a.jpg', 'b', None)
    """

    def __init__(self, names: Iterable[str], where: str = 'the file') -> None:
        self.where = where
        self._entries: dict[str, dict[Parts, str]] = defaultdict(dict)  # by the last part
        for name in names:
            parts = _parts(name)
            if parts:
                self._entries[parts[-1]].setdefault(parts, name)

    def find(self, path: str | Path) -> str | None:
        """Return the name of an image's entry; None where there is none.

        Raises:
            BoxError: it cannot be told which of several it is.
        """
        own = _parts(os.path.abspath(path))
        if not own:
            return None
        for last in (own[-1], Path(own[-1]).stem):
            entries = self._entries.get(last)
            if entries:
                return self._chosen(entries, (*own[:-1], last), path)
        return None

    def _chosen(self, entries: dict[Parts, str], own: Parts, path: str | Path) -> str:
        fitting = [parts for parts in entries if own[-len(parts) :] == parts]
        if fitting:
            return entries[max(fitting, key=len)]
        if len(entries) == 1:
            return next(iter(entries.values()))
        several = sorted(entries.values())
        raise BoxError(
            f'{self.where} has {len(several)} images named {own[-1]!r} ({_few(several)}), none of which lies where '
            f'{path} does: keep the folders of the names, or give one folder at a time'
        )


def require_different(found: Iterable[tuple[Hashable, Path]], where: str) -> None:
    """Stop where several images have the same entry of a file, of which it can be only one's.

    Args:
        found: pairs of an entry and an image.
        where: how the error calls the file.

    Raises:
        BoxError: such images.

    >>> require_different([('a.jpg', Path('train/a.jpg')), ('b.jpg', Path('b.jpg'))], 'boxes.json')
    """
    images: dict[Hashable, list[str]] = defaultdict(list)
    for entry, path in found:
        images[entry].append(str(path))
    for entry, paths in images.items():
        if len(paths) > 1:
            raise BoxError(
                f'{where} has one image {entry!r}, which could be each of {len(paths)} ({_few(paths)}): give images of '
                'one folder, or write the folders into the names'
            )


def _few(names: Sequence[str]) -> str:
    return ', '.join(names[:3]) + (', ...' if len(names) > 3 else '')


def _parts(name: str | Path) -> Parts:
    """Return folders and file of a name, without what leads nowhere: ``..`` at the beginning, the root, a drive."""
    plain = unicodedata.normalize('NFC', str(name)).replace('\\', '/')
    parts = os.path.normpath(plain).split('/')
    return tuple(part for part in parts if part not in ('', '.', '..') and not part.endswith(':'))
