"""Frames out of video files: by PyAV where it is installed, by OpenCV otherwise."""

import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from ...datasets.transforms.quiet import without_stderr
from ...utils.errors import InputError, MissingPackageError

if TYPE_CHECKING:
    import av

__all__ = ['DECODERS', 'Decoded', 'VideoError', 'VideoHeader', 'decoder_name', 'open_video']

DECODERS = ('av', 'opencv')
_TURNS = {0: 0, 90: 1, 180: 2, 270: 3}


class VideoError(InputError):
    """A file that is no video, or has no frame."""


class VideoHeader(NamedTuple):
    """What a file says of itself, which may be wrong.

    Attributes:
        fps: frames a second on average; None: it does not say.
        num_frames: None: it does not say.
    """

    fps: float | None
    num_frames: int | None


class Decoded(NamedTuple):
    """A frame out of a file.

    Attributes:
        image: (H, W, 3) uint8 BGR, upright; None where the data is broken.
        time: seconds, as the file says it; None: it does not.
        error: what is broken; '' for nothing.
    """

    image: np.ndarray | None
    time: float | None
    error: str = ''


def decoder_name(wanted: str = 'auto') -> str:
    """Return which decoder is used.

    Args:
        wanted: ``'av'``, ``'opencv'``, or ``'auto'`` for the first that is installed.

    Raises:
        MissingPackageError: PyAV is wanted and not there.
        InputError: another name.
    """
    there = importlib.util.find_spec('av') is not None
    if wanted == 'auto':
        return 'av' if there else 'opencv'
    if wanted not in DECODERS:
        raise InputError(f'decoder {wanted!r} is not one of auto, {", ".join(DECODERS)}')
    if wanted == 'av' and not there:
        raise MissingPackageError('to read videos by PyAV it has to be installed: pip install av')
    return wanted


def open_video(path: Path, decoder: str) -> tuple[VideoHeader, Iterator[Decoded]]:
    """Open a video file.

    Args:
        path: of a regular file.
        decoder: of `decoder_name`.

    Returns:
        Its header, and its frames in their order; close the iterator to close the file.

    Raises:
        VideoError: it is no video.
    """
    return _open_av(path) if decoder == 'av' else _open_opencv(path)


def _open_av(path: Path) -> tuple[VideoHeader, Iterator[Decoded]]:
    av = importlib.import_module('av')
    try:
        container = av.open(str(path), metadata_errors='replace')
    except (av.error.FFmpegError, OSError) as err:
        raise VideoError(f'{path}: is no video that can be read ({err.strerror or err}); is it whole?') from err
    if not container.streams.video:
        kinds = sorted({stream.type for stream in container.streams}) or ['nothing']
        container.close()
        raise VideoError(f'{path}: has no images, only {", ".join(kinds)}')
    stream = container.streams.video[0]
    stream.thread_type = 'AUTO'
    rate = stream.average_rate or stream.guessed_rate
    fps = float(rate) if rate else None
    seconds = float(stream.duration * stream.time_base) if stream.duration else None
    count = stream.frames or (round(seconds * fps) if seconds and fps else None)
    return VideoHeader(fps or None, count or None), _frames_av(av, container, stream)


def _frames_av(
    av: 'type[av]', container: 'av.container.InputContainer', stream: 'av.video.stream.VideoStream'
) -> Iterator[Decoded]:
    with container:
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.error.FFmpegError, OSError) as err:  # the container ends in the middle of something
                yield Decoded(None, None, f'the file breaks off: {err.strerror or err}')
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except (av.error.FFmpegError, OSError) as err:
                time = None if packet.pts is None else float(packet.pts * packet.time_base)
                yield Decoded(None, time, f'its data is broken: {err.strerror or err}')
                continue
            for frame in frames:
                image = frame.to_ndarray(format='bgr24')
                turns = _TURNS.get(round(frame.rotation) % 360, 0)
                image = np.ascontiguousarray(np.rot90(image, turns)) if turns else image
                yield Decoded(image, None if frame.time is None else float(frame.time))


def _open_opencv(path: Path) -> tuple[VideoHeader, Iterator[Decoded]]:
    with without_stderr():
        capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        capture.release()
        raise VideoError(
            f'{path}: is no video that OpenCV can read; is it whole, and has it images? PyAV reads more kinds: pip '
            'install av'
        )
    fps, count = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
    header = VideoHeader(fps if 0 < fps < 1e4 else None, int(count) if 0 < count < 1e12 else None)
    return header, _frames_opencv(capture)


def _frames_opencv(capture: cv2.VideoCapture) -> Iterator[Decoded]:
    try:
        while True:
            with without_stderr():
                read, image = capture.read()
            if not read:
                return
            yield Decoded(image, capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    finally:
        capture.release()
