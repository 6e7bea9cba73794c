"""Names to write to."""

from collections.abc import Sequence
from pathlib import Path

__all__ = ['unique_stems']


def unique_stems(paths: Sequence[Path]) -> list[str]:
    """Return a name to write to for each file: its own without suffix, numbered where files share it.

    >>> unique_stems([Path('a/x.jpg'), Path('b/x.jpg'), Path('y.png')])
    ['x', 'x_2', 'y']
    """
    taken: set[str] = set()  # in small letters: to some file systems, names with large ones are the same
    stems = []
    for path in paths:
        stem, number = path.stem, 2
        while stem.casefold() in taken:
            stem, number = f'{path.stem}_{number}', number + 1
        taken.add(stem.casefold())
        stems.append(stem)
    return stems
