"""Reading JSON files, with errors that name the file and the remedy."""

import contextlib
import importlib.util
import json
import os
import stat

from .errors import AnnotationError, MissingAnnotationError
from .gc_pause import without_garbage_collection

__all__ = ['parse_json', 'read_bytes', 'read_json']

_BYTES = 16 << 30
_LARGE = 1 << 20  # bytes; below, importing another reader takes longer than it saves

Json = dict | list | str | int | float | bool | None


def read_json(
    path: str | os.PathLike, *, what: str = 'annotation file', hint: str = '', backend_args: dict | None = None
) -> Json:
    """Read a JSON file.

    Args:
        path: of the file; a URL is read by mmengine's file backend of its scheme.
        what: how errors call the file.
        hint: appended to the error when there is no such file, for example the layout expected.
        backend_args: of mmengine's file backend.

    Returns:
        The content.

    Raises:
        MissingAnnotationError: no such file; it is also a FileNotFoundError.
        AnnotationError: not readable, or not JSON (cut off, for example); it is also a ValueError.
    """
    content = read_bytes(path, what=what, hint=hint, backend_args=backend_args)
    return parse_json(content, f'{what} {str(path)!r}')


def _check_file(path: str, what: str) -> None:
    """Refuse what is no file (a pipe or a device may never end), or larger than any of its kind."""
    found = os.stat(path)
    if stat.S_ISDIR(found.st_mode):
        return  # opening says so
    if not stat.S_ISREG(found.st_mode):
        raise AnnotationError(f'{what} {path!r} is a pipe, a device or a socket; a file is needed')
    if found.st_size > _BYTES:
        raise AnnotationError(f'{what} {path!r} has {found.st_size} bytes; more than {_BYTES} are not read')


def parse_json(content: bytes | str, where: str) -> Json:
    """Parse JSON.

    Args:
        content: of a file.
        where: how errors call the file.

    Raises:
        AnnotationError: it is not JSON.

    >>> parse_json(b'[1, {"a": 2}]', 'the answer')
    [1, {'a': 2}]
    """
    try:
        with without_garbage_collection():
            return _loads(content)
    except RecursionError as err:
        raise AnnotationError(f'{where} is nested deeper than any annotation file: get or write it anew') from err
    except ValueError as err:  # JSONDecodeError and UnicodeDecodeError
        end = content.rstrip()[-1:]
        cut = '' if end and end in (b'}', b']', '}', ']') else ', so it is probably cut off'
        raise AnnotationError(
            f'{where} is not valid JSON: {err}. It ends after {len(content)} bytes{cut}. Get or write it anew.'
        ) from err


def _loads(content: bytes | str) -> Json:
    """Read large content with msgspec, four times faster, where it is installed.

    It reads less than Python's reader (no NaN, no halves of surrogate pairs, UTF-8 only), and what it reads, it reads
    alike. So Python's reads what it refuses, or says what is wrong.
    """
    if len(content) >= _LARGE and importlib.util.find_spec('msgspec'):
        import msgspec

        with contextlib.suppress(msgspec.MsgspecError, UnicodeError, RecursionError):
            return msgspec.json.decode(content)
    return json.loads(content)


def read_bytes(
    path: str | os.PathLike, *, what: str = 'annotation file', hint: str = '', backend_args: dict | None = None
) -> bytes:
    """Read a file, local or of a file backend; arguments and errors as in :func:`read_json`."""
    path = os.fspath(path)
    try:
        if '://' not in path and not backend_args:
            _check_file(path, what)
            with open(path, 'rb') as file:
                return file.read()
        from mmengine import fileio

        return fileio.get(path, backend_args=backend_args)
    except AnnotationError:
        raise
    except FileNotFoundError as err:
        # A backend's own message says where it has looked.
        looked = f'looked from {os.getcwd()}' if err.strerror else str(err)
        raise MissingAnnotationError(f'{what} {path!r} does not exist ({looked}).{hint}') from err
    except IsADirectoryError as err:
        raise AnnotationError(f'{what} {path!r} is a folder, a file is needed.{hint}') from err
    except OSError as err:
        raise AnnotationError(f'{what} {path!r} cannot be read: {err}') from err
    except ValueError as err:  # a name with NUL, for example
        raise AnnotationError(f'{what} {path!r} is no name that a file can have: {err}') from err
