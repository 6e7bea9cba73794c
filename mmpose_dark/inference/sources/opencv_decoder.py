"""Frames out of video files by OpenCV, and OpenCV without its own messages."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import cv2

from ...datasets.transforms.decoding import MAX_PIXELS
from ...datasets.transforms.quiet import without_stderr
from .video_decoder import Decoded, VideoError, VideoHeader

__all__ = ['MOST_FPS', 'open_opencv', 'without_messages']

MOST_FPS = 10_000  # what is more is no frame rate, but a clock's
_REMEDY = 'PyAV reads more kinds: pip install av'


@contextlib.contextmanager
def without_messages() -> Iterator[None]:
    """Let OpenCV and its FFmpeg write nothing to the error stream about what is opened, which may be no video."""
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')  # read once, by the first video that is opened
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)


def open_opencv(path: Path) -> tuple[VideoHeader, Iterator[Decoded]]:
    """Open a video file by OpenCV; see `open_video`.

    Raises:
        VideoError: it is no video.
    """
    name = os.path.abspath(path)  # a relative one may look like a URL or a pattern
    try:
        name.encode()
    except UnicodeEncodeError as err:  # OpenCV ends the process
        raise VideoError(f'{name!r}: OpenCV reads no file whose name is not in UTF-8; rename it') from err
    with without_messages():
        has_ffmpeg = cv2.CAP_FFMPEG in cv2.videoio_registry.getStreamBackends()
        with without_stderr():  # a video that was opened before may have fixed FFmpeg's level
            capture = cv2.VideoCapture(name, cv2.CAP_FFMPEG if has_ffmpeg else cv2.CAP_ANY)
    if not capture.isOpened():
        capture.release()
        raise VideoError(f'{path}: is no video that OpenCV can read; is it whole, and has it images? {_REMEDY}')
    width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    if width * height > MAX_PIXELS:
        capture.release()
        raise VideoError(f'{path}: {width:.0f} x {height:.0f} pixels are more than {MAX_PIXELS:,}; make it smaller')
    fps, count = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
    fps = fps if 0 < fps < MOST_FPS else None
    count = int(count) if 0 < count < 1e12 else None
    return VideoHeader(fps, count, count / fps if count and fps else None), _frames(capture)


def _frames(capture: cv2.VideoCapture) -> Iterator[Decoded]:
    index = 0
    try:
        while True:
            try:
                read, image = capture.read()
            except cv2.error as err:
                yield Decoded(None, None, f'OpenCV gave up: {err.err}; {_REMEDY}')
                return
            if not read:
                return
            time = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            yield Decoded(image, time if time or not index else None)  # 0 again: the file has no times
            index += 1
    finally:
        capture.release()
