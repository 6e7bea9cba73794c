"""Writing a file whole or not at all: the old content survives a kill, a full disk and an error half-way.

The bytes go to a hidden file ``.NAME.HOST-PID-N.tmp`` beside the target, reach the disk, and only then get the
target's name. What a killed process leaves behind goes with the next writing of the same file.
"""

import contextlib
import itertools
import os
import pathlib
import re
import shutil
import socket
from collections.abc import Iterator

from .errors import OutputError

__all__ = ['atomic_path', 'remove_left_over', 'write_atomic']

_COUNTER = itertools.count()


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike, *, keep_suffix: bool = False) -> Iterator[pathlib.Path]:
    """Yield a temporary path to write to, which gets the name ``path`` when the block ends without an error.

    The folder is made where it is missing, and permissions are those of any new file. Several files that belong
    together are written in nested blocks (``contextlib.ExitStack``): none gets its name before all are written.
    A device or pipe such as ``/dev/stdout`` is written to directly.

    Args:
        path: the file (or folder that is not there yet) to write.
        keep_suffix: let the temporary name end as ``path`` does, for writers that choose a format by it.

    Raises:
        OutputError: it cannot be written (full disk, no permission); what was at ``path`` is untouched. An error of
            another file that the block uses stays what it is.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_path(pathlib.Path(folder, 'a.txt')) as temporary:
    ...         size = temporary.write_text('new')
    ...     os.listdir(folder)
    ['a.txt']
    """
    target = pathlib.Path(path).expanduser()
    if target.parent == pathlib.Path('/dev') or (target.exists() and not (target.is_file() or target.is_dir())):
        yield target
        return
    temporary = _temporary(target, keep_suffix=keep_suffix)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_left_over(target)
        _remove(temporary)  # a link that somebody put there would be written through
        yield temporary
        _sync(temporary)
        os.replace(temporary, target)
        _sync(target.parent)
    except BaseException as err:
        _remove(temporary)
        if isinstance(err, OSError) and not isinstance(err, OutputError) and _is_about(err, temporary, target):
            raise OutputError(
                f'{target}: could not be written ({err.strerror or err}); what was there before is untouched. '
                'Check free space and permissions of the folder.'
            ) from err
        raise


def write_atomic(path: str | os.PathLike, content: str | bytes) -> None:
    r"""Write ``content`` to ``path``, whole or not at all; text as UTF-8.

    Raises:
        OutputError: it cannot be written; what was at ``path`` is untouched.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomic(f'{folder}/sub/a.txt', 'né')
    ...     pathlib.Path(folder, 'sub', 'a.txt').read_bytes()
    b'n\xc3\xa9'
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


def _temporary(target: pathlib.Path, *, keep_suffix: bool) -> pathlib.Path:
    number = f'{_host()}-{os.getpid()}-{next(_COUNTER)}'
    return target.with_name(f'.{target.name}.{number}.tmp' + (target.suffix if keep_suffix else ''))


def _host() -> str:
    return re.sub(r'\W', '_', socket.gethostname())


def _is_about(err: OSError, temporary: pathlib.Path, target: pathlib.Path) -> bool:
    """Say whether an error is about what is written: it names no file (full disk), or one of the target's folder."""
    if err.filename is None:
        return True
    named = pathlib.Path(os.fsdecode(err.filename))
    return named in (temporary, target) or named == target.parent or named in target.parents


def _remove(temporary: pathlib.Path) -> None:
    with contextlib.suppress(OSError):
        if temporary.is_dir() and not temporary.is_symlink():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            temporary.unlink(missing_ok=True)


def _sync(path: pathlib.Path) -> None:
    """Wait until a file (or the names in a folder) is on the disk."""
    if path.is_dir() and os.name != 'posix':
        return
    descriptor = os.open(path, os.O_RDONLY if os.name == 'posix' else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_left_over(target: pathlib.Path) -> None:
    """Delete the temporary files for ``target`` whose process, on this machine, is gone."""
    _remove_dead(target.parent, re.escape(f'.{target.name}.'))


def remove_left_over(folder: str | os.PathLike) -> None:
    """Delete the temporary files in a folder whose process, on this machine, is gone.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pathlib.Path(folder, f'.a.pth.{_host()}-99999999-0.tmp').touch()
    ...     remove_left_over(folder)
    ...     os.listdir(folder)
    []
    """
    _remove_dead(pathlib.Path(folder), r'\..+\.')


def _remove_dead(folder: pathlib.Path, start: str) -> None:
    if os.name != 'posix':
        return
    pattern = re.compile(rf'{start}{re.escape(_host())}-(\d+)-\d+\.tmp(\.\w+)?')
    with os.scandir(folder) as entries:
        found = [match for entry in entries if (match := pattern.fullmatch(entry.name))]
    for match in found:
        if not _is_alive(int(match[1])):
            _remove(folder / match[0])


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's process
    return True
