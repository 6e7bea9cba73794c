"""Cameras and network streams: the newest frame, however slow the rest is."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import cv2
import numpy as np

from ...checkpoint.urls import shown
from ...utils.errors import InputError
from ..frames import Frame, SourceInfo
from .base import BaseSource
from .opencv_decoder import without_messages

__all__ = ['Capture', 'LiveSource', 'open_capture']

_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before a stream that broke off is opened again
_TIMEOUT = 10_000  # milliseconds without an answer
_LIKELY_FPS = 250  # what drivers say beyond this is no rate


class Capture(Protocol):
    """An open camera or stream.

    Attributes:
        fps: frames a second; None: not known.
        size: (width, height) in pixels; None: not known.
        num_frames: of a stream that ends; None: it does not, or that is not known.
    """

    fps: float | None
    size: tuple[int, int] | None
    num_frames: int | None

    def read(self) -> np.ndarray | None:
        """Wait for the next frame (H, W, 3) uint8 BGR, and return it; None: there is none any more."""

    def release(self) -> None:
        """Close it."""


class _OpenCvCapture:
    def __init__(self, capture: cv2.VideoCapture) -> None:
        self.capture = capture
        fps, count = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
        size = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        self.fps = fps if 0 < fps <= _LIKELY_FPS else None
        self.size = size if min(size) > 0 else None
        self.num_frames = int(count) if 0 < count < 1e12 else None

    def read(self) -> np.ndarray | None:
        try:
            read, image = self.capture.read()
        except cv2.error:
            return None
        return image if read else None

    def release(self) -> None:
        self.capture.release()


def open_capture(address: int | str) -> Capture | None:
    """Open a camera by its number, or a stream by its URL; None if that does not work."""
    with without_messages():
        if isinstance(address, int):
            capture = cv2.VideoCapture(address)
            capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # an old frame is of no use; not all cameras know of this
        else:
            limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _TIMEOUT, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _TIMEOUT]
            capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits)
    if capture.isOpened():
        return _OpenCvCapture(capture)
    capture.release()
    return None


class LiveSource(BaseSource):
    """A camera or stream. A thread reads it; who asks gets the newest frame, and frames in between are dropped.

    The time of a frame is that of its arrival. A stream that breaks off is opened again, after pauses that grow, until
    that many tries in a row were in vain; what became of it stands in ``notes``.

    Args:
        address: number of a camera, or URL.
        name: of the source.
        stem: of what is written of it.
        opener: opens it, or returns None; by default `open_capture`.
        pauses: seconds before each try to open it again.

    Raises:
        InputError: it cannot be opened.
    """

    def __init__(
        self,
        address: int | str,
        *,
        name: str | None = None,
        stem: str = 'stream',
        opener: Callable[[int | str], Capture | None] | None = None,
        pauses: tuple[float, ...] = _PAUSES,
    ) -> None:
        self.address, self.opener, self.pauses = address, opener or open_capture, pauses
        self.name = name or (f'camera {address}' if isinstance(address, int) else shown(address))
        self._capture = self.opener(address)
        if self._capture is None:
            remedy = 'is it plugged in, and used by no other program?' if isinstance(address, int) else 'is it on?'
            raise InputError(f'{self.name} cannot be opened: {remedy}')
        self.info = SourceInfo(self.name, stem, 'stream', fps=self._capture.fps, size=self._capture.size)
        self.notes: list[str] = []
        self.dropped = 0
        self._stop, self._changed = threading.Event(), threading.Condition()
        self._newest: tuple[int, float, np.ndarray] | None = None
        self._ended, self._error = False, None
        self._last, self._begin = -1, 0.0
        self._thread: threading.Thread | None = None

    def __iter__(self) -> Iterator[Frame]:
        """Yield the newest frame each time, as soon as there is one that was not there before.

        Raises:
            InputError: it ended, and there was no frame.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f'reads {self.name}', daemon=True)
            self._thread.start()
        while not self._stop.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._newest is not None or self._ended or self._stop.is_set(), 0.5)
                newest, self._newest = self._newest, None
            if newest is not None:
                yield self._frame(*newest)
            elif self._ended:
                break
        if self._error is not None:
            raise self._error
        if self._last < 0 and not self._stop.is_set():
            raise InputError(f'{self.name}: no frame came')

    def _frame(self, index: int, moment: float, image: np.ndarray) -> Frame:
        if self._last < 0:
            self._begin = moment
        self.dropped += index - self._last - 1
        self._last = index
        return Frame(index, image, time=moment - self._begin, source=self.name)

    def _run(self) -> None:
        """Read until it ends; runs in the thread."""
        try:
            self._read()
        except Exception as err:  # is raised where the frames are taken
            self._error = err
        finally:
            self._release()
            with self._changed:
                self._ended = True
                self._changed.notify()

    def _read(self) -> None:
        index, tries = 0, 0
        length = None if self._capture is None else self._capture.num_frames
        while not self._stop.is_set():
            image = None if self._capture is None else self._capture.read()
            if image is not None:
                tries = 0
                with self._changed:
                    self._newest = (index, time.monotonic(), image)
                    self._changed.notify()
                index += 1
                continue
            self._release()
            if isinstance(self.address, int) or length is not None or tries >= len(self.pauses):
                self.notes.append(f'{self.name} ended' + (f' and did not come back in {tries} tries' if tries else ''))
                return
            if tries == 0:
                self.notes.append(f'{self.name} broke off after {index} frames')
            self._stop.wait(self.pauses[tries])
            tries += 1
            self._capture = None if self._stop.is_set() else self.opener(self.address)
            if self._capture is not None:
                self.notes.append(f'{self.name} came back at try {tries}')

    def _release(self) -> None:
        if self._capture is not None:
            self._capture.release()
        self._capture = None

    def close(self) -> None:
        """Stop the thread and let the camera go; a loop that is under way ends.

        Where the camera does not answer, the thread ends when it does, or with the program.
        """
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread is None:
            self._release()
        elif self._thread is not threading.current_thread():
            self._thread.join(2.0)
