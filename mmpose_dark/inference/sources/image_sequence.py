"""Numbered images that are the frames of a video."""

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from ...utils.errors import InputError, MissingFileError
from ..frames import Frame, SourceInfo
from .base import BaseSource
from .video_file import USUAL_FPS, check_fps

__all__ = ['PATTERN', 'ImageSequence', 'find_sequence', 'natural_order', 'numbered']

PATTERN = re.compile(r'%0?(\d*)d')
"""A number in the name of a sequence, as ``%04d``."""
_NAMED = 5  # missing numbers that a note names


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
    if len(PATTERN.findall(path.name)) != 1:
        raise InputError(f'{pattern}: a sequence has one number in its file names, as frame_%04d.png')
    match = PATTERN.search(path.name)
    least = int(match[1] or 1)
    name = re.compile(rf'{re.escape(path.name[: match.start()])}(\d{{{least},}}){re.escape(path.name[match.end() :])}')
    folder = path.parent
    found = (
        [(int(m[1]), file) for file in folder.iterdir() if (m := name.fullmatch(file.name)) and file.is_file()]
        if folder.is_dir()
        else []
    )
    if not found:
        raise MissingFileError(f'no file is called as {pattern} (looked from {Path.cwd()})')
    return sorted(found)


def numbered(paths: Sequence[Path]) -> tuple[list[tuple[int, Path]], list[str]]:
    """Return files with their numbers, and what there is to say.

    Where the names are alike but for one number that rises, and not more numbers are missing than are there, a number
    is that of the frame. Otherwise, as for names that are moments, the frames follow each other: 0, 1, 2, ...

    Args:
        paths: at least one, in their order.

    >>> [number for number, _ in numbered([Path('a_05.png'), Path('a_06.png'), Path('a_08.png')])[0]]
    [5, 6, 8]
    >>> numbered([Path('1700.png'), Path('1733.png'), Path('1767.png')])[1]
    ['the numbers 1700 to 1767 in the names are far apart: the images are taken one after the other']
    """
    numbers = _numbers(paths)
    if numbers is None:
        return list(enumerate(paths)), []
    if _missing(numbers) > len(numbers):
        note = f'the numbers {numbers[0]} to {numbers[-1]} in the names are far apart'
        return list(enumerate(paths)), [f'{note}: the images are taken one after the other']
    return list(zip(numbers, paths, strict=True)), []


def _numbers(paths: Sequence[Path]) -> list[int] | None:
    """Return the numbers that rise in names which are alike but for them; None: it is not so."""
    split = [re.split(r'(\d+)', path.stem) for path in paths]
    if len({(path.parent, path.suffix, len(parts)) for path, parts in zip(paths, split, strict=True)}) > 1:
        return None
    differ = [at for at in range(len(split[0])) if len({parts[at] for parts in split}) > 1]
    if len(differ) != 1 or differ[0] % 2 == 0:
        return None
    numbers = [int(parts[differ[0]]) for parts in split]
    return numbers if all(a < b for a, b in pairwise(numbers)) else None


def _step(numbers: Sequence[int]) -> int:
    return math.gcd(*(b - a for a, b in pairwise(numbers))) or 1


def _missing(numbers: Sequence[int]) -> int:
    return (numbers[-1] - numbers[0]) // _step(numbers) + 1 - len(numbers)


class ImageSequence(BaseSource):
    """Image files as the frames of a video; a number that is missing is time without a frame.

    Where all numbers are so many apart, as in 0, 10, 20, this is the step from frame to frame.

    Args:
        files: number and path, rising.
        fps: frames a second.
        name: of the source.
        stem: of what is written of it.
        notes: what was passed over.

    Raises:
        InputError: ``fps`` is no number above 0; no file, or numbers that do not rise.

    >>> files = [(1, Path('f1.png')), (2, Path('f2.png')), (4, Path('f4.png'))]
    >>> source = ImageSequence(files, fps=2, name='f%d.png', stem='f')
    >>> [frame.time for frame in source], source.notes
    ([0.0, 0.5, 1.5], ['1 number is missing between 1 and 4: 3'])
    """

    def __init__(
        self,
        files: Sequence[tuple[int, Path]],
        *,
        fps: float = USUAL_FPS,
        name: str,
        stem: str,
        notes: Sequence[str] = (),
    ) -> None:
        check_fps(fps, name)
        numbers = [number for number, _ in files]
        if not numbers or any(a >= b for a, b in pairwise(numbers)):
            raise InputError(f'{name}: a sequence needs files with rising numbers, got {numbers[:10]}')
        self.files, self.fps = list(files), fps
        self.step = _step(numbers)
        self.inputs = [path for _, path in self.files]
        self.info = SourceInfo(name, stem, 'video', fps=fps, num_frames=len(self.files))
        self.notes = [*notes, *_gaps(numbers, self.step)]

    def __iter__(self) -> Iterator[Frame]:
        first = self.files[0][0]
        for index, (number, path) in enumerate(self.files):
            time = (number - first) / (self.step * self.fps)
            yield Frame(index, path=str(path), time=time, source=self.info.name)


def _gaps(numbers: Sequence[int], step: int) -> list[str]:
    count = _missing(numbers)
    if not count:
        return []
    named: list[str] = []
    for before, after in pairwise(numbers):
        named += [str(number) for number in range(before + step, min(after, before + (_NAMED + 1) * step), step)]
        if len(named) >= _NAMED:
            break
    which = ', '.join(named[:_NAMED]) + (', ...' if count > _NAMED else '')
    one = count == 1
    return [
        f'{count} number{"" if one else "s"} {"is" if one else "are"} missing between {numbers[0]} and {numbers[-1]}: '
        f'{which}'
    ]
