"""Frames of a video file."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ...utils.errors import MissingFileError
from ..frames import Frame, SourceInfo
from .base import BaseSource
from .decoders import Decoded, VideoError, decoder_name, open_video

__all__ = ['VIDEO_SUFFIXES', 'VideoFile']

VIDEO_SUFFIXES = (
    *('.mp4', '.m4v', '.mov', '.avi', '.mkv', '.webm', '.mpg', '.mpeg', '.ts', '.mts', '.m2ts', '.wmv', '.flv'),
    *('.3gp', '.ogv', '.mjpeg', '.mjpg', '.h264', '.hevc', '.y4m'),
)
_USUAL_FPS = 25.0  # where neither the frames nor the header have times


class VideoFile(BaseSource):
    """A video file, upright, with the times that it says.

    Times are seconds from the first frame. Where a file's times stay or fall, which some cameras write, they are made
    to rise; where it has none, the header's frame rate gives them.

    Args:
        path: of the file.
        name: of the source, by default the path.
        stem: of what is written of it, by default the file's name.
        decoder: ``'auto'``, ``'av'`` or ``'opencv'``.

    Raises:
        MissingFileError: there is no such file.
        VideoError: it is no video, or has no frame that can be read.
    """

    def __init__(
        self, path: str | os.PathLike, *, name: str | None = None, stem: str | None = None, decoder: str = 'auto'
    ) -> None:
        self.path, self.decoder = Path(path).expanduser(), decoder_name(decoder)
        _check(self.path)
        header, frames = open_video(self.path, self.decoder)
        first = next((frame for frame in frames if frame.image is not None), None)
        frames.close()
        if first is None:
            raise VideoError(f'{self.path}: has no frame that can be read; is it whole?')
        self.inputs, self.notes = [self.path], []
        self.info = SourceInfo(
            name or str(path),
            stem or self.path.stem,
            'video',
            fps=header.fps,
            size=(first.image.shape[1], first.image.shape[0]),
            num_frames=header.num_frames,
        )

    def __iter__(self) -> Iterator[Frame]:
        header, frames = open_video(self.path, self.decoder)
        step = 1 / (header.fps or _USUAL_FPS)
        begin = last = None
        repaired = broken = 0
        try:
            for index, decoded in enumerate(frames):
                time, begin, late = _rising(decoded, begin=begin, last=last, step=step)
                repaired += late
                broken += decoded.image is None
                last = time
                error = f'{decoded.error}' if decoded.image is None else None
                yield Frame(index, decoded.image, time=time, error=error, source=self.info.name)
        finally:
            frames.close()
        self.notes = []
        if repaired:
            self.notes.append(f'{repaired} frames said a time that was not later than the last one; it was put right')
        if header.num_frames and index + 1 < header.num_frames and not broken:
            self.notes.append(f'the header promises {header.num_frames} frames, there are {index + 1}')


def _rising(
    decoded: Decoded, *, begin: float | None, last: float | None, step: float
) -> tuple[float, float | None, bool]:
    """Return the time of a frame after the last one, the time of the first one, and whether it was put right."""
    if decoded.time is None:
        return (0.0 if last is None else last + step), begin, False
    if begin is None:
        begin = decoded.time - (0.0 if last is None else last + step)
    time = decoded.time - begin
    if last is not None and time <= last:
        return last + step / 2, begin, True
    return time, begin, False


def _check(path: Path) -> None:
    try:
        found = os.stat(path)
    except (OSError, ValueError) as err:
        raise MissingFileError(f'there is no video {str(path)!r} (looked from {Path.cwd()})') from err
    if not stat.S_ISREG(found.st_mode):
        raise VideoError(f'{path}: is no file; a camera is given by its number, standard input by -')
    if not found.st_size:
        raise VideoError(f'{path}: the file is empty (0 bytes)')
