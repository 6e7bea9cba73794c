"""A file in COCO's results format that is written while results come, and is there when all have come."""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from os import PathLike
from types import TracebackType
from typing import TextIO

from ..utils.atomic_file import atomic_path
from ..utils.errors import OutputError, StateError

__all__ = ['CocoResultsFile']


class _GivenUpError(Exception):
    """Ends the writing of a file that will not be complete."""


class CocoResultsFile:
    r"""Writes records one after the other; however many there are, none is kept.

    The file gets its name when the block ends without an error; until then, and after an error, what was there before
    is untouched.

    Args:
        path: of the file.

    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with CocoResultsFile(f'{folder}/a.json') as file:
    ...         file.add([dict(image_id=1, score=0.5)])
    ...         file.add([])
    ...     pathlib.Path(folder, 'a.json').read_text()
    '[{"image_id": 1, "score": 0.5}]\n'
    """

    def __init__(self, path: str | PathLike) -> None:
        self.path = path
        self._stack = ExitStack()
        self._file: TextIO | None = None
        self._started = False

    def __enter__(self) -> 'CocoResultsFile':
        temporary = self._stack.enter_context(atomic_path(self.path))
        try:
            self._file = open(temporary, 'w', encoding='utf-8')
        except BaseException as err:
            self._stack.__exit__(type(err), err, err.__traceback__)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            try:
                self._file.write(']\n' if self._started else '[]\n')
                self._file.close()
            except OSError as err:
                self._give_up()
                raise OutputError(self._told(err)) from err
            self._stack.close()
        else:
            self._give_up()
        return False

    def add(self, records: Sequence[Mapping[str, object]]) -> None:
        """Write records of one image.

        Raises:
            OutputError: it cannot be written (full disk).
            StateError: called outside the block.
        """
        if self._file is None:
            raise StateError('CocoResultsFile: add is to be called in a with block')
        try:
            for record in records:
                self._file.write((',\n ' if self._started else '[') + json.dumps(record, allow_nan=False))
                self._started = True
        except OSError as err:
            raise OutputError(self._told(err)) from err

    def _give_up(self) -> None:
        with suppress(OSError):  # a full disk: the rest of the buffer is not wanted
            self._file.close()
        self._stack.__exit__(_GivenUpError, _GivenUpError(), None)

    def _told(self, err: OSError) -> str:
        return f'{self.path}: could not be written ({err.strerror or err}); what was there before is untouched'
