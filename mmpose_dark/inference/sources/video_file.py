"""Frames of a video file."""

import os
import stat
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from ...utils.errors import InputError, MissingFileError
from ..frames import Frame, SourceInfo
from .base import BaseSource
from .decoders import decoder_name, open_video
from .rising_times import RisingTimes
from .video_decoder import Decoded, VideoError, VideoHeader

__all__ = ['USUAL_FPS', 'VIDEO_SUFFIXES', 'VideoFile']

VIDEO_SUFFIXES = (
    *('.mp4', '.m4v', '.mov', '.avi', '.mkv', '.webm', '.mpg', '.mpeg', '.ts', '.mts', '.m2ts', '.wmv', '.flv'),
    *('.3gp', '.ogv', '.mjpeg', '.mjpg', '.h264', '.hevc', '.y4m'),
)
USUAL_FPS = 25.0
"""Frames a second where nothing says it."""
_DOUBTFUL_FPS = 240  # more may be a clock's rate: the first frames tell
_NAMED = 5  # frames that a note names
_CUT = 0.03  # part of a video that may lack before it is said


class VideoFile(BaseSource):
    """A video file, upright, with the times that it says.

    Times are seconds from the first frame, and rise, see `RisingTimes`. A frame whose data is broken comes with its
    ``error``, and those behind it follow.

    Args:
        path: of the file.
        name: of the source, by default the path.
        stem: of what is written of it, by default the file's name.
        decoder: ``'auto'``, ``'av'`` or ``'opencv'``; see `decoder_name`.
        fps: frames a second where the file has no times.
        folder: that the file is in, and that goes when the source is closed.

    Raises:
        MissingFileError: there is no such file.
        VideoError: it is no video, or has no frame that can be read.
        InputError: ``fps`` is no number above 0.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        *,
        name: str | None = None,
        stem: str | None = None,
        decoder: str = 'auto',
        fps: float | None = None,
        folder: TemporaryDirectory | None = None,
    ) -> None:
        self.path, self.decoder = Path(os.path.expanduser(path)), decoder_name(decoder)
        self.folder = folder
        name = name or str(path)
        check_fps(fps, name)
        _check_file(self.path, name)
        header, first = self._look(name, further=fps is not None)
        self.header = header._replace(fps=_fps_of(header, first, fps))
        size = next((frame.image.shape[1::-1] for frame in first if frame.image is not None), None)
        if size is None:
            raise VideoError(f'{name}: has no frame that can be read; is it whole?')
        self.inputs = [self.path] if folder is None else []
        self.notes: Sequence[str] = []
        self.info = SourceInfo(
            name, stem or self.path.stem, 'video', fps=self.header.fps, size=size, num_frames=header.num_frames
        )

    def _look(self, name: str, *, further: bool) -> tuple[VideoHeader, list[Decoded]]:
        """Return the header and the first frame that can be read, and a few more where asked, or the rate in doubt."""
        try:
            header, frames = open_video(self.path, self.decoder)
        except VideoError as err:
            raise VideoError(str(err).replace(str(self.path), name, 1)) from err
        found: list[Decoded] = []
        try:
            for frame in frames:
                if found and found[-1].image is None:
                    found.pop()
                found.append(frame)
                if frame.image is not None:
                    break
            if further or header.fps is None or header.fps > _DOUBTFUL_FPS:
                found += [frame._replace(image=None) for frame in islice(frames, 10)]
        finally:
            frames.close()
        return header, found

    def __iter__(self) -> Iterator[Frame]:
        header, frames = open_video(self.path, self.decoder)
        times = RisingTimes(1 / (self.header.fps or USUAL_FPS))
        tally = _Tally(header, self.info.size, 1 / times.step)
        index = -1
        try:
            for index, decoded in enumerate(frames):
                if decoded.image is None:
                    time, changed = times.of_lost(decoded.time), False
                else:
                    time, changed = times(decoded.time)
                tally.add(index, decoded, changed=changed)
                yield Frame(index, decoded.image, time=time, error=decoded.error or None, source=self.info.name)
        finally:
            frames.close()
            self.notes = tally.notes()
        if index < 0:
            raise VideoError(f'{self.info.name}: has no frame any more; was it changed?')
        self.notes = [*self.notes, *tally.end(index + 1, times)]

    def close(self) -> None:
        """Remove the folder, if the file was put there for this source only."""
        if self.folder is not None:
            self.folder.cleanup()


class _Tally:
    """What a user should know of a reading."""

    def __init__(self, header: VideoHeader, size: tuple[int, int] | None, fps: float) -> None:
        self.header, self.size, self.fps = header, size, fps
        self.timed = False
        self.changed: list[int] = []
        self.sizes: list[str] = []
        self.num_changed = self.broken = self.num_sizes = 0

    def add(self, index: int, decoded: Decoded, *, changed: bool) -> None:
        """Count a frame."""
        self.timed |= decoded.time is not None and index > 0
        self.broken += decoded.image is None
        self.num_changed += changed
        if changed and len(self.changed) < _NAMED:
            self.changed.append(index)
        if decoded.image is not None and decoded.image.shape[1::-1] != self.size:
            self.size = decoded.image.shape[1::-1]
            self.num_sizes += 1
            if len(self.sizes) < _NAMED:
                self.sizes.append(f'{self.size[0]} x {self.size[1]} from frame {index}')

    def notes(self) -> list[str]:
        """Return a line each."""
        found = []
        if self.broken:
            found.append(f'{self.broken} frames are broken and were passed over')
        if self.changed:
            more = ' ...' if self.num_changed > len(self.changed) else ''
            which = f'{", ".join(map(str, self.changed))}{more}'
            found.append(
                f'{self.num_changed} frames said a time that is not later than the last one: put right ({which})'
            )
        if self.sizes:
            more = ', ...' if self.num_sizes > len(self.sizes) else ''
            found.append(f'its size changes: {", ".join(self.sizes)}{more}')
        return found

    def end(self, frames: int, times: RisingTimes) -> list[str]:
        """Return what there is to say at the end: of times that lack, or of a video that is shorter than promised."""
        if not self.timed and frames > 1:
            return [f'it has no times: {self.fps:g} frames a second are assumed (--fps)']
        seconds, read = self.header.seconds, (times.last or 0.0) + times.step
        if not seconds or read >= seconds * (1 - _CUT) - times.step:
            return []
        promised = f' and {self.header.num_frames} frames' if self.header.num_frames else ''
        return [
            f'it ends after {read:.2f} s and {frames} frames, its header promises {seconds:.2f} s{promised}: is '
            'it whole?'
        ]


def _fps_of(header: VideoHeader, first: Sequence[Decoded], wanted: float | None) -> float | None:
    """Return the frames a second: as wanted where there are no times, else the header's where likely, else measured."""
    if wanted and all(frame.time is None for frame in first[1:]):
        return wanted
    if header.fps is not None and header.fps <= _DOUBTFUL_FPS:
        return header.fps
    times = [frame.time for frame in first if frame.time is not None]
    if len(times) > 1 and times[-1] > times[0]:
        measured = (len(times) - 1) / (times[-1] - times[0])
        return header.fps if header.fps and measured > header.fps / 2 else measured
    return header.fps


def check_fps(fps: float | None, name: str) -> None:
    """Refuse frames a second that are none.

    Raises:
        InputError: no number above 0.
    """
    if fps is not None and not 0 < fps < float('inf'):
        raise InputError(f'{name}: the frames a second (fps) must be a number above 0, got {fps}')


def _check_file(path: Path, name: str) -> None:
    try:
        found = os.stat(path)
    except (OSError, ValueError) as err:
        reason = getattr(err, 'strerror', None) or err
        raise MissingFileError(f'there is no video {name!r} ({reason}; looked from {Path.cwd()})') from err
    if not stat.S_ISREG(found.st_mode):
        raise VideoError(f'{name}: is no file; a camera is given by its number, standard input by -')
    if not found.st_size:
        raise VideoError(f'{name}: the file is empty (0 bytes)')
