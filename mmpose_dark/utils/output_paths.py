"""Where a program may write: inside its output folder, never over an input, and only where writing works."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from .errors import OutputError

__all__ = ['check_outputs', 'is_same_file', 'path_inside']


def path_inside(folder: str | os.PathLike, name: str | os.PathLike) -> Path:
    """Return the path of ``name`` in ``folder``, whatever the name says.

    A name from a file of others may be absolute, begin with ``..`` or go through a link: it is brought back into the
    folder. Folders in the name are kept, so that names which differ stay different where they can.

    Args:
        folder: of the output.
        name: relative, as a rule.

    >>> path_inside('out', 'a/b.jpg').as_posix(), path_inside('out', '../../b.jpg').as_posix()
    ('out/a/b.jpg', 'out/b.jpg')
    >>> path_inside('out', '/data/b.jpg').as_posix()
    'out/data/b.jpg'
    """
    root = Path(folder)
    given = Path(os.path.normpath(name))
    parts = [part for part in given.parts if part not in (given.anchor, '..', '.')]
    path = root.joinpath(*parts)
    return path if path.parent.resolve().is_relative_to(root.resolve()) else root / path.name


def is_same_file(one: str | os.PathLike, other: str | os.PathLike) -> bool:
    """Tell whether two paths lead to the same place, through links and ``..`` too; neither needs to exist.

    >>> is_same_file('a/../b.jpg', './b.jpg'), is_same_file('a.jpg', 'b.jpg')
    (True, False)
    """
    return _place(one) == _place(other)


def check_outputs(
    outputs: Iterable[str | os.PathLike] = (),
    *,
    folders: Iterable[str | os.PathLike] = (),
    inputs: Iterable[str | os.PathLike] = (),
) -> None:
    """Stop before work is begun that could not be written.

    Nothing is left behind: whether a folder takes files is tried with a file without a name, in the nearest folder
    there is.

    Args:
        outputs: files that will be written.
        folders: folders that files will be written to, under names that are not known yet.
        inputs: files that are read, which none of these may replace.

    Raises:
        OutputError: the first that cannot be written (no permission, read-only, full, a file where a folder should
            be, a folder of that name), or that is an input.

    >>> check_outputs(['out/a.json'], inputs=['a.json'])
    >>> check_outputs(['out/../a.json'], inputs=['a.json'])
    Traceback (most recent call last):
        ...
    mmpose_dark.utils.errors.OutputError: out/../a.json is one of the inputs and would be overwritten: ...
    """
    read = {_place(path) for path in inputs}
    tried: set[Path] = set()
    for path in outputs:
        target = Path(path).expanduser()
        try:
            if _place(path) in read:
                raise OutputError(f'{path} is one of the inputs and would be overwritten: write to another place')
            if target.parent == Path('/dev') or (target.exists() and not (target.is_file() or target.is_dir())):
                continue  # a pipe or a device
            if target.is_dir():
                raise OutputError(f'{path} cannot be written: it is a folder; name a file')
            _try_folder(target, tried)
        except (OSError, ValueError) as err:
            if isinstance(err, OutputError):
                raise
            raise _unwritable(path, err) from err
    for folder in folders:
        try:
            _try_folder(Path(folder).expanduser() / 'any', tried)
        except (OSError, ValueError) as err:
            raise _unwritable(folder, err) from err


def _unwritable(path: str | os.PathLike, err: Exception) -> OutputError:
    reason = getattr(err, 'strerror', None) or err
    return OutputError(f'{path} cannot be written ({reason}): free space or choose another place')


def _place(path: str | os.PathLike) -> str:
    return os.path.normcase(os.path.realpath(os.path.expanduser(path)))


def _try_folder(target: Path, tried: set[Path]) -> None:
    """Make a file without a name where ``target`` or its folder will be made."""
    folder = next(parent for parent in target.absolute().parents if parent.exists() or parent.is_symlink())
    if folder not in tried:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            file.write(bytes(4096))  # a page, which a full disk does not have
        tried.add(folder)
