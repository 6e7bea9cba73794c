"""Reading MATLAB files, with errors that name the file and the remedy.

SciPy's reader is compiled code that trusts the file: a damaged one can crash the process. So it runs in a process of
its own, with limits on time and memory.
"""

import contextlib
import io
import os
import pickle
import subprocess
import sys

from ..utils.errors import MissingPackageError
from .errors import AnnotationError
from .json_file import read_bytes

__all__ = ['read_mat']

_SECONDS = 600
_BYTES = 16 << 30
_CODE = 'from mmpose_dark.annotations.mat_file import _child; _child({})'


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
        MissingPackageError: SciPy is not installed.
    """
    content = read_bytes(path, what=what, hint=hint, backend_args=backend_args)
    where = f'{what} {str(path)!r}'
    found, problem = _read_apart(content, structs=structs)
    if problem:
        raise AnnotationError(f'{where} ({len(content)} bytes) cannot be read, perhaps it is cut off: {problem}{hint}')
    for name in variables:
        if name not in found:
            raise AnnotationError(f'{where} has no variable {name!r}, only {", ".join(found) or "none"}{hint}')
    return found


def _read_apart(content: bytes, *, structs: bool) -> tuple[dict[str, object], str]:
    """The variables that another process read, or what is wrong with the file."""
    command = [sys.executable, '-c', _CODE.format(structs)]
    paths = os.pathsep.join(path for path in sys.path if path)
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, timeout=_SECONDS, env={**os.environ, 'PYTHONPATH': paths}
        )
    except subprocess.TimeoutExpired:
        return {}, f'reading takes more than {_SECONDS} s'
    if done.returncode == 0:
        found, problem = pickle.loads(done.stdout)  # of our own process
        if problem.startswith('ModuleNotFoundError'):
            raise MissingPackageError(f'MATLAB files are read by SciPy: pip install scipy ({problem})')
        return found, problem
    how = f'signal {-done.returncode}' if done.returncode < 0 else f'status {done.returncode}'
    said = done.stderr.decode(errors='replace').strip().splitlines()[-1:]
    return {}, f"SciPy's reader ended with {how}" + (f', {said[0][:200]}' if said else '')


def _child(structs: bool) -> None:
    """Read a file from the standard input and write its variables, or what is wrong with it, as a pickle."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    found: dict[str, object] = {}
    problem = ''
    try:
        from scipy.io import loadmat

        options = dict(struct_as_record=False, squeeze_me=True) if structs else {}
        read = loadmat(io.BytesIO(sys.stdin.buffer.read()), **options)
        found = {name: value for name, value in read.items() if not name.startswith('__')}
        answer = pickle.dumps((found, ''))
    except Exception as err:  # whatever SciPy's reader raises at a damaged file
        problem = f'{type(err).__name__}: {err}'[:500]
        answer = pickle.dumps(({}, problem))
    sys.stdout.buffer.write(answer)
