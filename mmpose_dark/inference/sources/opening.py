"""From the words of a command line to sources."""

import glob
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import IO

from ...checkpoint.urls import is_url, shown
from ...utils.errors import InputError, MissingFileError
from ..stems import unique_stems
from .base import BaseSource
from .image_files import IMAGE_SUFFIXES, find_images, passed_over
from .image_sequence import PATTERN, ImageSequence, find_sequence, natural_order
from .joining import as_sources, close_all
from .live import LiveSource
from .standard_input import open_standard_input
from .still_images import Stills
from .temporary import looks_like_image
from .video_file import USUAL_FPS, VIDEO_SUFFIXES, VideoFile, check_fps
from .web import open_url, path_of_url

__all__ = ['open_source', 'open_sources']

_CAMERA = re.compile(r'(?:camera:)?(\d{1,3})|/dev/video(\d{1,3})')


def open_source(source: str | os.PathLike, *, fps: float | None = None) -> BaseSource:
    """Return the source that one word means, see `open_sources`.

    Raises:
        InputError: it means several, as a glob of videos does.
    """
    sources = open_sources([os.fspath(source)], fps=fps)
    if len(sources) > 1:
        close_all(sources)
        raise InputError(f'{source}: means {len(sources)} sources; open_sources gives them all')
    return sources[0]


def open_sources(words: Sequence[str], *, fps: float | None = None, stdin: IO[bytes] | None = None) -> list[BaseSource]:
    """Return the sources that the words of a command line mean.

    A word is an image, a folder of images, a glob, a video file, a sequence of images (``frame_%04d.png``), a URL of an
    image, a video or a stream, the number of a camera (``0``, ``camera:0``, ``/dev/video0``), or ``-`` for standard
    input. What exists as a file is that file, whatever else its name could mean. All images together are one source,
    and come first; each video is one.

    Args:
        words: at least one.
        fps: makes images videos, with so many frames a second: those of a folder, glob or sequence each one, and those
            that are named one by one; and is the rate of videos that have no times.
        stdin: is read for ``-``; by default that of this process.

    Raises:
        MissingFileError: there is no such thing.
        InputError: a word that means nothing, or a file that is neither image nor video.
        CheckpointError: a URL that cannot be fetched.
    """
    if not words:
        raise InputError('no source was given')
    check_fps(fps, 'sources')
    pieces: list[BaseSource | Stills] = []
    notes: list[str] = []
    seen: set[str] = set()
    try:
        for word in words:
            place = _place(word)
            if place in seen:
                notes.append(f'{shown(word)} is given twice: passed over the second time')
                continue
            seen.add(place)
            for piece in _pieces(word, fps=fps, stdin=stdin):
                own = os.path.realpath(piece.path) if isinstance(piece, VideoFile) and piece.inputs else place
                if own != place and own in seen:
                    notes.append(f'{piece.info.name} is given twice: passed over the second time')
                    continue
                seen.add(own)
                pieces.append(piece)
        sources = as_sources(pieces, fps=fps)
    except BaseException:
        close_all(pieces)
        raise
    stems = unique_stems([Path(f'{source.info.stem}.x') for source in sources])
    for source, stem in zip(sources, stems, strict=True):
        source.info = replace(source.info, stem=stem)
    if notes:
        sources[0].notes = [*notes, *sources[0].notes]
    return sources


def _place(word: str) -> str:
    """Return the same text for words that mean the same."""
    path = path_of_url(word) if is_url(word) else _path(word)
    if path is None or word == '-':
        return word
    camera = None if _exists(path) and not word.startswith('/dev/') else _CAMERA.fullmatch(word)
    if camera:
        return f'camera:{int(camera[1] or camera[2])}'
    try:
        return os.path.realpath(path)
    except ValueError:  # a name that no file can have
        return word


def _path(word: str) -> Path:
    """Return the path that a word is, with ``~`` as the home where there is one."""
    if not word:
        raise InputError('a source is an empty text; the folder one is in is .')
    return Path(os.path.expanduser(word))


def _pieces(word: str, *, fps: float | None, stdin: IO[bytes] | None) -> Sequence[BaseSource | Stills]:
    """Return the sources of a word, or images that are yet to be put together with others."""
    if word == '-':
        return [open_standard_input(stdin, fps=fps)]
    if is_url(word):
        path = path_of_url(word)
        return [open_url(word, fps=fps)] if path is None else [_of_file(path, str(path), fps)]
    path = _path(word)
    camera = _CAMERA.fullmatch(word)
    if camera and (camera[2] or not _exists(path)):
        number = int(camera[1] or camera[2])
        return [LiveSource(number, stem=f'camera_{number}')]
    if _exists(path) and path.is_dir():
        return [_folder(word, path)]
    if _exists(path):
        return [_of_file(path, word, fps)]
    if PATTERN.search(path.name):
        stem = PATTERN.sub('', path.stem).strip('_-. ') or path.parent.resolve().name or 'sequence'
        return [ImageSequence(find_sequence(word), fps=fps or USUAL_FPS, name=word, stem=stem)]
    if glob.has_magic(word):
        return _glob(word, path, fps)
    raise MissingFileError(_nothing(word, path))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _nothing(word: str, path: Path) -> str:
    try:
        path.stat()
        reason = ''
    except FileNotFoundError:
        reason = ''
    except (OSError, ValueError) as err:
        reason = f' ({getattr(err, "strerror", None) or err})'
    return f'there is no image, video or folder {word!r}{reason} (looked from {Path.cwd()})'


def _of_file(path: Path, word: str, fps: float | None) -> VideoFile | Stills:
    """Return what a file holds: told by its first bytes, and where these say nothing by its name."""
    suffix = path.suffix.casefold()
    if not path.is_file():
        if not _exists(path):
            raise MissingFileError(_nothing(word, path))
        raise InputError(
            f'{word}: is no file, folder or camera, but a pipe or a device; standard input is given by -, a camera by '
            'its number'
        )
    try:
        is_image = suffix in IMAGE_SUFFIXES or (suffix not in ('.mjpg', '.mjpeg') and looks_like_image(path))
    except OSError as err:
        raise InputError(f'{word}: cannot be read ({err.strerror or err})') from err
    return Stills(word, path.stem, [path]) if is_image else VideoFile(path, name=word, fps=fps)


def _folder(word: str, path: Path) -> Stills:
    try:
        paths = _sorted(find_images(path))
        note = passed_over(path)
    except MissingFileError as err:
        videos = sorted(p.name for p in path.iterdir() if p.suffix.casefold() in VIDEO_SUFFIXES)
        if not videos:
            raise
        raise MissingFileError(
            f'folder {word!r} has no images, but videos, which are given one by one: {path / videos[0]}, or as a glob: '
            f'{path}/*{Path(videos[0]).suffix}'
        ) from err
    except OSError as err:
        raise InputError(f'folder {word!r} cannot be read ({err.strerror or err})') from err
    return Stills(word, path.resolve().name or 'images', paths, [note] if note else [])


def _glob(word: str, path: Path, fps: float | None) -> list[VideoFile | Stills]:
    """Return the images that match as one piece, and each video."""
    paths = _sorted(find_images(word))
    videos = [p for p in paths if p.suffix.casefold() in VIDEO_SUFFIXES]
    images = [p for p in paths if p.suffix.casefold() not in VIDEO_SUFFIXES]
    note = passed_over(word)
    folder = next((parent for parent in path.parents if not glob.has_magic(str(parent))), path.parent)
    pieces: list[VideoFile | Stills] = []
    try:
        if images:
            pieces.append(Stills(word, folder.resolve().name or 'images', images, [note] if note else []))
        for video in videos:
            pieces.append(VideoFile(video, fps=fps))
    except BaseException:
        close_all(pieces)
        raise
    return pieces


def _sorted(paths: Sequence[Path]) -> list[Path]:
    if all(_place_in_order(a) <= _place_in_order(b) for a, b in pairwise(paths)):  # keys of a million take memory
        return list(paths)
    return sorted(paths, key=_place_in_order)


def _place_in_order(path: Path) -> tuple[str, list[tuple[bool, int, str]]]:
    return os.path.dirname(path) or '.', natural_order(path)
