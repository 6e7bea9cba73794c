"""From the words of a command line to sources."""

import glob
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from ...checkpoint.download import download_checkpoint
from ...checkpoint.urls import is_url, shown
from ...datasets.transforms.image_header import image_size
from ...utils.errors import InputError, MissingFileError, OutputError
from ..frames import SourceInfo
from ..stems import unique_stems
from .base import BaseSource
from .image_files import IMAGE_SUFFIXES, find_images, passed_over
from .image_sequence import USUAL_FPS, ImageSequence, find_sequence, natural_order
from .live import LiveSource
from .still_images import ImageFiles
from .video_file import VIDEO_SUFFIXES, VideoFile

__all__ = ['open_source', 'open_sources']

_CAMERA = re.compile(r'(?:camera:)?(\d{1,3})|/dev/video(\d{1,3})')
_STREAMS = ('rtsp', 'rtsps', 'rtmp', 'udp', 'srt')
_LIVE_SUFFIXES = ('.m3u8', '.mjpg', '.mjpeg', '.cgi', '.sdp')
_SEQUENCE = re.compile(r'%0?\d*d')
_STDIN_LIMIT = 8 << 30  # bytes
_BLOCK = 1 << 20
_Stills = tuple[str, list[Path], list[str]]
"""Images of a word: the word, their files, and what was passed over."""


class _Fetched(VideoFile):
    """A video in a folder of its own, which goes when the source is closed."""

    def __init__(self, path: Path, folder: Path, *, name: str, stem: str) -> None:
        self._folder = folder
        super().__init__(path, name=name, stem=stem)
        self.inputs = []

    def close(self) -> None:
        """Remove the file."""
        shutil.rmtree(self._folder, ignore_errors=True)


class _FetchedImages(ImageFiles):
    """Images in a folder of its own, which goes when the source is closed."""

    def __init__(self, path: Path, folder: Path, *, name: str, stem: str) -> None:
        super().__init__([path], name=name, stem=stem)
        self._folder = folder

    def close(self) -> None:
        """Remove the file."""
        shutil.rmtree(self._folder, ignore_errors=True)


def open_source(source: str | os.PathLike, *, fps: float | None = None) -> BaseSource:
    """Return the source that one word means, see `open_sources`."""
    return open_sources([os.fspath(source)], fps=fps)[0]


def open_sources(words: Sequence[str], *, fps: float | None = None, stdin: IO[bytes] | None = None) -> list[BaseSource]:
    """Return the sources that the words of a command line mean.

    A word is an image, a folder, a glob, a video file, a sequence of images (``frame_%04d.png``), a URL of one of
    these, the number of a camera, the URL of a stream, or ``-`` for standard input. What exists as a file is that file,
    whatever else its name could mean. All images together are one source, and come first; each video is one.

    Args:
        words: at least one.
        fps: makes folders, globs and sequences of images videos with so many frames a second.
        stdin: is read for ``-``; by default that of this process.

    Raises:
        MissingFileError: there is no such thing.
        InputError: a word that means nothing, or a file that is neither image nor video.
        CheckpointError: a URL that cannot be fetched.
    """
    stills: list[_Stills] = []
    others: list[BaseSource] = []
    seen: dict[str, str] = {}
    notes: list[str] = []
    try:
        for word in words:
            place = word if word == '-' or is_url(word) else os.path.realpath(os.path.expanduser(word))
            if place in seen:
                notes.append(f'{shown(word)} is given twice: passed over the second time')
                continue
            seen[place] = word
            found = _open_one(word, fps=fps, stdin=stdin)
            if isinstance(found, tuple):
                stills.append(found)
            else:
                others.append(found)
        sources = [*_joined(stills, seen), *others]
    except BaseException:
        for source in others:
            source.close()
        raise
    _name_apart(sources)
    if notes:
        sources[0].notes = [*notes, *sources[0].notes]
    return sources


def _open_one(word: str, *, fps: float | None, stdin: IO[bytes] | None) -> BaseSource | _Stills:
    """Return a source, or the name, files and notes of images."""
    path = Path(word).expanduser()
    if word == '-':
        return _of_stdin(sys.stdin.buffer if stdin is None else stdin)
    if is_url(word):
        return _of_url(word)
    if _exists(path):
        if path.is_dir() or path.suffix.casefold() in IMAGE_SUFFIXES:
            return _images(word, fps)
        camera = _CAMERA.fullmatch(word)
        if camera and camera[2]:
            return LiveSource(int(camera[2]), stem=f'camera_{camera[2]}')
        if path.suffix.casefold() in VIDEO_SUFFIXES or not _is_image(path):
            return VideoFile(path, name=word)
        return _images(word, fps)
    if camera := _CAMERA.fullmatch(word):
        number = camera[1] or camera[2]
        return LiveSource(int(number), stem=f'camera_{number}')
    if _SEQUENCE.search(path.name):
        stem = _SEQUENCE.sub('', path.stem).strip('_-. ') or path.parent.resolve().name or 'sequence'
        return ImageSequence(find_sequence(word), fps=fps or USUAL_FPS, name=word, stem=stem)
    if glob.has_magic(word):
        found = [Path(p) for p in glob.glob(str(path), recursive=True)]
        if found and all(p.suffix.casefold() in VIDEO_SUFFIXES for p in found if p.is_file()):
            raise InputError(f'{word}: are videos; leave the quotes away, so that each is a source of its own')
    return _images(word, fps)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _images(word: str, fps: float | None) -> BaseSource | _Stills:
    paths = sorted(find_images(word), key=lambda p: (str(p.parent), natural_order(p)))
    note = passed_over(word)
    if fps is not None and len(paths) > 1:
        name = _stem_of(word, paths)
        return ImageSequence(list(enumerate(paths)), fps=fps, name=word, stem=name)
    return word, paths, [note] if note else []


def _stem_of(word: str, paths: Sequence[Path]) -> str:
    path = Path(word).expanduser()
    if path.is_dir():
        return path.resolve().name or 'images'
    if len(paths) == 1 and (_exists(path) or not glob.has_magic(word)):
        return paths[0].stem
    folder = next((parent for parent in path.parents if not glob.has_magic(str(parent))), path.parent)
    return folder.resolve().name or 'images'


def _joined(stills: Sequence[_Stills], seen: dict[str, str]) -> list[BaseSource]:
    """Put the images of all words into one source, each file once."""
    if not stills:
        return []
    paths: dict[str, Path] = {}
    notes = [note for _, _, more in stills for note in more]
    for _, found, _ in stills:
        for path in found:
            paths.setdefault(os.path.realpath(path), path)
    twice = sum(len(found) for _, found, _ in stills) - len(paths)
    if twice:
        notes.append(f'{twice} images are given twice: passed over the second time')
    word, first, _ = stills[0]
    alone = len(stills) == 1
    return [
        ImageFiles(
            list(paths.values()),
            name=word if alone else f'{len(paths)} images',
            stem=_stem_of(word, first) if alone else 'images',
            notes=notes,
        )
    ]


def _name_apart(sources: Sequence[BaseSource]) -> None:
    """Give each source a stem of its own."""
    for source, stem in zip(sources, unique_stems([Path(s.info.stem + '.x') for s in sources]), strict=True):
        info = source.info
        source.info = SourceInfo(info.name, stem, info.kind, fps=info.fps, size=info.size, num_frames=info.num_frames)


def _is_image(path: Path) -> bool:
    """Whether a file without a known ending begins as an image; anything but a file is not opened."""
    if not path.is_file():
        raise InputError(f'{path}: is no file, folder or camera; standard input is given by -')
    with open(path, 'rb') as file:
        return _looks_like_image(file.read(_BLOCK))


def _looks_like_image(begin: bytes) -> bool:
    try:
        return image_size(begin) is not None
    except (ValueError, IndexError):
        return False


def _of_url(url: str) -> BaseSource | _Stills:
    parts = urlsplit(url)
    name, suffix = shown(url), Path(unquote(parts.path)).suffix.casefold()
    stem = re.sub(r'[^\w.-]+', '_', Path(unquote(parts.path)).stem) or (parts.hostname or 'stream')
    if parts.scheme.lower() in _STREAMS or (parts.scheme.lower() in ('http', 'https') and suffix in _LIVE_SUFFIXES):
        return LiveSource(url, name=name, stem=stem)
    if parts.scheme.lower() not in ('http', 'https', 'file'):
        raise InputError(f'{name}: URLs begin with http, https, file, {", ".join(_STREAMS)}')
    if suffix not in (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES):
        return LiveSource(url, name=name, stem=stem)
    if parts.scheme.lower() == 'file':
        path = Path(unquote(parts.path))
        return (name, [path], []) if suffix in IMAGE_SUFFIXES else VideoFile(path, name=name)
    folder = Path(tempfile.mkdtemp(prefix='mmpose_dark_'))
    try:
        path = download_checkpoint(url, folder)
        if suffix in IMAGE_SUFFIXES:
            return _FetchedImages(path, folder, name=name, stem=stem)
        return _Fetched(path, folder, name=name, stem=stem)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _of_stdin(stream: IO[bytes]) -> BaseSource:
    """Keep what comes in a temporary file: an image or a video, told by its first bytes."""
    if stream.isatty():
        raise InputError('-: standard input is a terminal; pipe an image or a video into it, as in: cat clip.mp4 | ...')
    folder = Path(tempfile.mkdtemp(prefix='mmpose_dark_'))
    path = folder / 'stdin'
    try:
        size = 0
        with open(path, 'wb') as file:
            while block := stream.read(_BLOCK):
                size += len(block)
                if size > _STDIN_LIMIT:
                    raise InputError(f'-: more than {_STDIN_LIMIT >> 30} GB came in; give a file')
                file.write(block)
        if not size:
            raise MissingFileError('-: nothing came in')
        with open(path, 'rb') as file:
            is_image = _looks_like_image(file.read(_BLOCK))
        if is_image:
            return _FetchedImages(path, folder, name='standard input', stem='stdin')
        return _Fetched(path, folder, name='standard input', stem='stdin')
    except OSError as err:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(err, MissingFileError):
            raise
        raise OutputError(f'-: standard input could not be kept in {folder} ({err.strerror or err})') from err
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
