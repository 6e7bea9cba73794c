"""Reading MATLAB files, with errors that name the file and the remedy."""

import io
import os

from .errors import AnnotationError
from .json_file import read_bytes

__all__ = ['read_mat']


def read_mat(
    path: str | os.PathLike,
    *variables: str,
    what: str = 'MATLAB file',
    hint: str = '',
    structs: bool = False,
    backend_args: dict | None = None,
) -> dict[str, object]:
    """Read a MATLAB file.

    Args:
        path: of the file; a URL is read by mmengine's file backend of its scheme.
        *variables: that must be in it.
        what: how errors call the file.
        hint: appended to all errors, for example where the file is to be had.
        structs: whether to give structs as objects with attributes, and arrays without axes of length 1.
        backend_args: of mmengine's file backend.

    Returns:
        Arrays (or objects) by the name of the variable.

    Raises:
        MissingAnnotationError: no such file; it is also a FileNotFoundError.
        AnnotationError: not readable, or a variable is missing; it is also a ValueError.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    content = read_bytes(path, what=what, hint=hint, backend_args=backend_args)
    where = f'{what} {str(path)!r}'
    try:
        options = dict(struct_as_record=False, squeeze_me=True) if structs else {}
        found = loadmat(io.BytesIO(content), **options)
    except (MatReadError, ValueError, TypeError, KeyError, IndexError, OSError, EOFError, NotImplementedError) as err:
        raise AnnotationError(
            f'{where} ({len(content)} bytes) cannot be read, perhaps it is cut off: {type(err).__name__}: {err}{hint}'
        ) from err
    found = {name: value for name, value in found.items() if not name.startswith('__')}
    for name in variables:
        if name not in found:
            raise AnnotationError(f'{where} has no variable {name!r}, only {", ".join(found) or "none"}{hint}')
    return found
