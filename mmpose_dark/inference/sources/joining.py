"""Images of several words as one source."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from .base import BaseSource
from .image_sequence import ImageSequence, natural_order, numbered
from .still_images import ImageFiles, Stills

__all__ = ['as_sources', 'close_all']

_NAMED = 3  # of what is given twice


def as_sources(pieces: Sequence[BaseSource | Stills], *, fps: float | None = None) -> list[BaseSource]:
    """Make sources of images, and put them before the others; an image that is given twice is used once, and said.

    Args:
        pieces: in the order of the words.
        fps: makes the images of each word a video, and those that are alone in their words one together; None: all
            images are one source.

    >>> a, b = Stills('a.jpg', 'a', [Path('a.jpg')]), Stills('b.jpg', 'b', [Path('b.jpg')])
    >>> [(source.info.name, source.info.stem, source.info.kind) for source in as_sources([a, b])]
    [('2 images', 'images', 'images')]
    >>> [source.info.kind for source in as_sources([a, b], fps=10)]
    ['video']
    """
    stills = [piece for piece in pieces if isinstance(piece, Stills)]
    others = [piece for piece in pieces if not isinstance(piece, Stills)]
    if fps is None:
        return [*([_images(stills)] if stills else []), *others]
    alone = [piece for piece in stills if len(piece.paths) == 1]
    together = [piece for piece in stills if len(piece.paths) > 1]
    found: list[BaseSource] = [_video([piece], fps) for piece in together]
    if len(alone) > 1 and not any(piece.folder for piece in alone):
        found.append(_video(alone, fps))
    elif alone:
        found.insert(0, _images(alone))
    return [*found, *others]


def close_all(pieces: Iterable[BaseSource | Stills]) -> None:
    """Close what was opened."""
    for piece in pieces:
        if isinstance(piece, BaseSource):
            piece.close()
        elif piece.folder is not None:
            piece.folder.cleanup()


def _images(stills: Sequence[Stills]) -> ImageFiles:
    paths, notes = _once(stills)
    name, stem = _names(stills, paths)
    folders = [piece.folder for piece in stills if piece.folder is not None]
    return ImageFiles(paths, name=name, stem=stem, notes=notes, folders=folders)


def _video(stills: Sequence[Stills], fps: float) -> ImageSequence:
    paths, notes = _once(stills)
    if len({path.parent for path in paths}) == 1:  # a shell sorts f10 before f9
        paths.sort(key=natural_order)
    name, stem = _names(stills, paths)
    files, more = numbered(paths)
    return ImageSequence(files, fps=fps, name=name, stem=stem, notes=[*notes, *more])


def _names(stills: Sequence[Stills], paths: Sequence[Path]) -> tuple[str, str]:
    if len(stills) == 1:
        return stills[0].name, stills[0].stem
    return f'{len(paths)} images', 'images'


def _once(stills: Sequence[Stills]) -> tuple[list[Path], list[str]]:
    """Return each file once, and what there is to say."""
    paths: dict[str, Path] = {}
    folders: dict[str, str] = {}
    twice: list[Path] = []
    for piece in stills:
        for path in piece.paths:
            place = _place(path, folders)
            if place in paths:
                twice.append(path)
            else:
                paths[place] = path
    notes = [note for piece in stills for note in piece.notes]
    if twice:
        which = ', '.join(map(str, twice[:_NAMED])) + (', ...' if len(twice) > _NAMED else '')
        one = len(twice) == 1
        notes.append(f'{len(twice)} image{" is" if one else "s are"} given twice: passed over the second time: {which}')
    return list(paths.values()), notes


def _place(path: Path, folders: dict[str, str]) -> str:
    """Return what ``realpath`` does, which is asked once a folder; ``folders`` keeps its answers."""
    folder, name = os.path.split(path)
    if name in ('', '..') or os.path.islink(path):
        return os.path.realpath(path)
    if folder not in folders:
        folders[folder] = os.path.realpath(folder)
    return os.path.join(folders[folder], name)
