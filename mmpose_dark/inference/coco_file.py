"""A file in COCO's results format that is written while results come, and is there when all have come."""

import json
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from types import TracebackType

from ..utils.errors import OutputError, StateError
from .sinks.files import WholeFile, writing

__all__ = ['CocoResultsFile']


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
        self.path = Path(path)
        self._whole: WholeFile | None = None
        self._started = False

    def __enter__(self) -> 'CocoResultsFile':
        self._whole = WholeFile(self.path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._whole.abort()
            return
        self._put(']\n' if self._started else '[]\n')
        self._whole.complete()

    def add(self, records: Sequence[Mapping[str, object]]) -> None:
        """Write records of one image.

        Raises:
            OutputError: it cannot be written (full disk).
            StateError: called outside the block.
        """
        if self._whole is None:
            raise StateError('CocoResultsFile: add is to be called in a with block')
        for record in records:
            self._put((',\n ' if self._started else '[') + json.dumps(record, allow_nan=False))
            self._started = True

    def _put(self, text: str) -> None:
        try:
            with writing(self.path, left='what was there before is untouched'):
                self._whole.file.write(text)
        except OutputError:
            self._whole.abort()
            raise
