"""A video with the people drawn on it, as browsers play it."""

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from ...utils.errors import InputError, OutputError
from ..frames import SourceInfo
from ..results import ImageResult
from .base import BaseSink
from .files import WholeFile, writing
from .look import Look

__all__ = ['VideoFileWriter', 'VideoSink', 'open_video_writer']

_CLOCK = 90_000  # ticks a second
_USUAL_FPS = 25.0


class VideoFileWriter(Protocol):
    """Writes frames into a video file."""

    note: str

    def add(self, image: np.ndarray, time: float) -> None:
        """Write a frame (H, W, 3) uint8 BGR of the first one's size, at a time in seconds."""

    def close(self) -> None:
        """Finish the file."""

    def abort(self) -> None:
        """Leave the file as it is."""


def open_video_writer(path: Path, size: tuple[int, int], *, fps: float | None, codec: str = 'auto') -> VideoFileWriter:
    """Open a video file to write: H.264 by PyAV where it is installed, MPEG-4 by OpenCV otherwise.

    Args:
        path: of the file, ending in .mp4; its folder is made.
        size: (width, height) of the frames; odd ones are made even by a pixel at the edge.
        fps: frames a second; None: not known.
        codec: ``'auto'``, ``'h264'`` or ``'mp4v'``.

    Raises:
        OutputError: it cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    there = importlib.util.find_spec('av') is not None
    if codec == 'h264' or (codec == 'auto' and there):
        return _H264(path, size, fps or _USUAL_FPS)
    return _Mp4v(path, size, fps or _USUAL_FPS)


class _H264:
    """H.264 in fragments, so that what a kill leaves can be played; put in order at the end."""

    note = ''

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        self.path = path
        self._av = importlib.import_module('av')
        self._size = tuple(side + side % 2 for side in size)
        self._last = -1
        with self._failing():
            self._file = self._av.open(
                str(path), 'w', format='mp4', options={'movflags': 'frag_keyframe+empty_moov+default_base_moof'}
            )
            self._stream = self._file.add_stream('libx264', rate=Fraction(fps).limit_denominator(1001))
            self._stream.width, self._stream.height = self._size
            self._stream.pix_fmt = 'yuv420p'
            self._stream.options = {'crf': '20', 'preset': 'veryfast', 'g': '50'}
            self._stream.codec_context.time_base = Fraction(1, _CLOCK)
            self._stream.codec_context.max_b_frames = 0  # which would put the first frame behind the beginning

    def _failing(self) -> '_Failing':
        return _Failing(self.path, self._av.error.FFmpegError)

    def add(self, image: np.ndarray, time: float) -> None:
        """Write a frame (H, W, 3) uint8 BGR at a time in seconds."""
        frame = self._av.VideoFrame.from_ndarray(_even(image), format='bgr24')
        self._last = max(self._last + 1, round(time * _CLOCK))
        frame.pts, frame.time_base = self._last, Fraction(1, _CLOCK)
        with self._failing():
            self._file.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finish, and put the table of contents in front, so that browsers can start at once and jump."""
        with self._failing():
            self._file.mux(self._stream.encode())
            self._file.close()
        whole = WholeFile(self.path, None)
        try:
            with (
                self._failing(),
                self._av.open(str(self.path)) as source,
                self._av.open(str(whole.temporary), 'w', format='mp4', options={'movflags': 'faststart'}) as target,
            ):
                template = source.streams.video[0]
                stream = target.add_stream_from_template(template)
                for packet in source.demux(template):
                    if packet.dts is not None:
                        packet.stream = stream
                        target.mux(packet)
        except BaseException:
            whole.abort()
            raise
        whole.complete()

    def abort(self) -> None:
        """Close what is there."""
        with suppress(self._av.error.FFmpegError, OSError):
            self._file.close()


class _Failing:
    """Turns FFmpeg's errors, and the system's, into one that names the file."""

    def __init__(self, path: Path, kind: type[Exception]) -> None:
        self.path, self.kind = path, kind

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, self.kind | OSError) and not isinstance(error, OutputError):
            reason = getattr(error, 'strerror', None) or error
            raise OutputError(f'{self.path}: could not be written ({reason})') from error


class _Mp4v:
    """MPEG-4 by OpenCV: one frame rate, and players rather than browsers show it."""

    note = 'is MPEG-4, which browsers do not play: H.264 needs PyAV (pip install av)'

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        self.path, self.fps, self._count = path, fps, 0
        self._size = tuple(side + side % 2 for side in size)
        self._whole = WholeFile(path, None)  # without its end, such a file cannot be played
        name = str(self._whole.temporary)
        self._writer = cv2.VideoWriter(name, cv2.VideoWriter.fourcc(*'mp4v'), fps, self._size)
        if not self._writer.isOpened():
            self._whole.abort()
            raise OutputError(f'{path}: OpenCV cannot write a video there')
        self._image: np.ndarray | None = None

    def add(self, image: np.ndarray, time: float) -> None:
        """Write a frame (H, W, 3) uint8 BGR, again until its time in seconds, or not at all where it is too early."""
        image = _even(image)
        while self._count < round(time * self.fps) and self._image is not None:
            self._writer.write(self._image)
            self._count += 1
        if self._count <= round(time * self.fps):
            self._writer.write(image)
            self._count += 1
        self._image = image

    def close(self) -> None:
        """Finish the file."""
        self._writer.release()
        written = cv2.VideoCapture(str(self._whole.temporary))  # OpenCV is silent about a disk that became full
        count = int(written.get(cv2.CAP_PROP_FRAME_COUNT))
        written.release()
        if count < self._count:
            self._whole.abort()
            raise OutputError(
                f'{self.path}: could not be written whole ({max(count, 0)} of {self._count} frames): is the disk full? '
                'What was there before is untouched'
            )
        self._whole.complete()

    def abort(self) -> None:
        """Keep what is there, where it can be played."""
        with suppress(OutputError):
            self.close()


def _even(image: np.ndarray) -> np.ndarray:
    """Repeat the last row or column of an image (H, W, 3) where their number is odd."""
    below, right = image.shape[0] % 2, image.shape[1] % 2
    if not below and not right:
        return np.ascontiguousarray(image)
    return cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE)


class VideoSink(BaseSink):
    """Writes ``STEM_poses.mp4``, with the times of the source; frames that could not be read are left out.

    Args:
        folder: to write into.
        stem: of the file.
        look: what is drawn.
        codec: see `open_video_writer`.
    """

    format = 'video'
    needs_images = True

    def __init__(self, folder: Path, stem: str, look: Look | None = None, *, codec: str = 'auto') -> None:
        super().__init__(folder, stem)
        self.look, self.codec = look or Look(), codec
        self._writer: VideoFileWriter | None = None

    @property
    def outputs(self) -> Sequence[Path]:
        """The file."""
        return [self.folder / f'{self.stem}_poses.mp4']

    def open(self, info: SourceInfo, keypoint_set: Mapping[str, object] | None) -> None:
        """Begin.

        Raises:
            InputError: the source is no video.
        """
        if not info.is_moving:
            raise InputError(f'{info.name}: images make no video; with --fps N they are its frames')
        self._info, self._writer, self._size, self._begin = info, None, None, None

    def write(self, result: ImageResult) -> None:
        """Draw one frame; one of another size is fitted into the first one's.

        Raises:
            OutputError: it cannot be written.
        """
        if result.image is None or result.time is None:
            return
        drawn = self.look.on(result)
        if self._writer is None:
            self._size, self._begin = (drawn.shape[1], drawn.shape[0]), result.time
            self._writer = open_video_writer(self.outputs[0], self._size, fps=self._info.fps, codec=self.codec)
        self._writer.add(_fitted(drawn, self._size), result.time - self._begin)

    def close(self) -> None:
        """Finish the file; of a source without any frame there is none.

        Raises:
            OutputError: it cannot be written.
        """
        if self._writer is not None:
            self._writer.close()
            if self._writer.note:
                print(f'{self.outputs[0]} {self._writer.note}')

    def abort(self) -> None:
        """Leave what was written; it can be played."""
        if self._writer is not None:
            self._writer.abort()


def _fitted(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Make an image (H, W, 3) as large as ``size`` (width, height), with black beside it where shapes differ."""
    if (image.shape[1], image.shape[0]) == size:
        return image
    factor = min(size[0] / image.shape[1], size[1] / image.shape[0])
    wide, high = max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor))
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    canvas[:high, :wide] = cv2.resize(image, (wide, high), interpolation=cv2.INTER_AREA)
    return canvas
