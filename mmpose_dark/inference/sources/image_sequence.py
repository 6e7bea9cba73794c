"""Numbered images that are the frames of a video."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...utils.errors import InputError, MissingFileError
from ..frames import Frame, SourceInfo
from .base import BaseSource

__all__ = ['ImageSequence', 'find_sequence', 'natural_order']

_NUMBER = re.compile(r'%0?(\d*)d')
USUAL_FPS = 25.0


def natural_order(path: Path) -> list[tuple[bool, int, str]]:
    """Return a key that sorts names with numbers by the numbers.

    >>> sorted([Path('f10.png'), Path('f9.png')], key=natural_order)[0].name
    'f9.png'
    """
    parts = re.split(r'(\d+)', path.name)
    return [(bool(i % 2), int(part) if i % 2 else 0, '' if i % 2 else part) for i, part in enumerate(parts)]


def find_sequence(pattern: str) -> list[tuple[int, Path]]:
    """Return the numbered files that a pattern such as ``frame_%04d.png`` means, by number.

    Raises:
        MissingFileError: there is none.
        InputError: the pattern has several numbers.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for number in (3, 11):
    ...         Path(folder, f'f_{number:02d}.png').touch()
    ...     [number for number, path in find_sequence(f'{folder}/f_%02d.png')]
    [3, 11]
    """
    path = Path(pattern).expanduser()
    if len(_NUMBER.findall(path.name)) != 1:
        raise InputError(f'{pattern}: a sequence has one number in its file names, as frame_%04d.png')
    match = _NUMBER.search(path.name)
    least = int(match[1] or 1)
    name = re.compile(rf'{re.escape(path.name[: match.start()])}(\d{{{least},}}){re.escape(path.name[match.end() :])}')
    folder = path.parent
    found = (
        [(int(m[1]), file) for file in folder.glob('*') if (m := name.fullmatch(file.name))] if folder.is_dir() else []
    )
    if not found:
        raise MissingFileError(f'no file is called as {pattern} (looked from {Path.cwd()})')
    return sorted(found)


class ImageSequence(BaseSource):
    """Image files as the frames of a video; a number that is missing is time without a frame.

    Args:
        files: number and path, rising.
        fps: frames a second.
        name: of the source.
        stem: of what is written of it.

    Raises:
        InputError: ``fps`` is no number above 0.
    """

    def __init__(self, files: Sequence[tuple[int, Path]], *, fps: float = USUAL_FPS, name: str, stem: str) -> None:
        if not 0 < fps < float('inf'):
            raise InputError(f'{name}: the frames a second must be a number above 0, got {fps}')
        self.files, self.fps = list(files), fps
        self.inputs = [path for _, path in self.files]
        self.info = SourceInfo(name, stem, 'video', fps=fps, num_frames=len(self.files))
        missing = self.files[-1][0] - self.files[0][0] + 1 - len(self.files)
        self.notes = [f'{missing} numbers are missing between {self.files[0][0]} and {self.files[-1][0]}'] * (
            missing > 0
        )

    def __iter__(self) -> Iterator[Frame]:
        first = self.files[0][0]
        for index, (number, path) in enumerate(self.files):
            yield Frame(index, path=str(path), time=(number - first) / self.fps, source=self.info.name)
