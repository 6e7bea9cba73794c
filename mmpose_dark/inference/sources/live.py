"""Cameras and network streams: the newest frame, however slow the rest is."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import cv2
import numpy as np

from ...checkpoint.urls import shown
from ...datasets.transforms.quiet import without_stderr
from ...utils.errors import InputError
from ..frames import Frame, SourceInfo
from .base import BaseSource

__all__ = ['Capture', 'LiveSource', 'open_capture']

_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before a stream that broke off is opened again
_TIMEOUT = 10_000  # milliseconds without an answer


class Capture(Protocol):
    """An open camera or stream."""

    def read(self) -> tuple[bool, np.ndarray | None]:
        """Return whether there is a frame, and the frame (H, W, 3) uint8 BGR."""

    def release(self) -> None:
        """Close it."""


def open_capture(address: int | str) -> Capture | None:
    """Open a camera by its number, or a stream by its URL; None if that does not work."""
    with without_stderr():
        if isinstance(address, int):
            capture = cv2.VideoCapture(address)
        else:
            limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _TIMEOUT, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _TIMEOUT]
            capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits)
    if capture.isOpened():
        return capture
    capture.release()
    return None


class LiveSource(BaseSource):
    """A camera or stream. A thread reads it; who asks gets the newest frame, and frames in between are dropped.

    A stream that breaks off is opened again, after pauses that grow; what it says of this stands in ``notes``.

    Args:
        address: number of a camera, or URL.
        name: of the source.
        stem: of what is written of it.
        opener: opens it; for tests.
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
        opener: Callable[[int | str], Capture | None] = open_capture,
        pauses: tuple[float, ...] = _PAUSES,
    ) -> None:
        self.address, self.opener, self.pauses = address, opener, pauses
        self.name = name or (f'camera {address}' if isinstance(address, int) else shown(address))
        self._capture = opener(address)
        if self._capture is None:
            remedy = 'is it plugged in, and used by no other program?' if isinstance(address, int) else 'is it on?'
            raise InputError(f'{self.name} cannot be opened: {remedy}')
        self.info = SourceInfo(self.name, stem, 'stream')
        self.notes, self.dropped = [], 0
        self._stop, self._changed = threading.Event(), threading.Condition()
        self._newest: tuple[int, float, np.ndarray] | None = None
        self._ended = False
        self._thread: threading.Thread | None = None

    def __iter__(self) -> Iterator[Frame]:
        if self._thread is None:
            self._thread = threading.Thread(target=self._read, name=f'reads {self.name}', daemon=True)
            self._thread.start()
        begin: float | None = None
        last = -1
        while not self._stop.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._newest is not None or self._ended or self._stop.is_set(), 0.5)
                newest, self._newest = self._newest, None
            if newest is None:
                if self._ended:
                    return
                continue
            index, moment, image = newest
            begin = moment if begin is None else begin
            self.dropped += index - last - 1
            last = index
            yield Frame(index, image, time=moment - begin, source=self.name)

    def _read(self) -> None:
        """Read until it ends; runs in the thread."""
        index, tries = 0, 0
        while not self._stop.is_set():
            read, image = (False, None) if self._capture is None else self._capture.read()
            if read:
                tries = 0
                with self._changed:
                    self._newest = (index, time.monotonic(), image)
                    self._changed.notify()
                index += 1
                continue
            self._release()
            if isinstance(self.address, int) or tries >= len(self.pauses):
                self.notes.append(f'{self.name} ended' + (f' and did not come back in {tries} tries' if tries else ''))
                break
            if tries == 0:
                self.notes.append(f'{self.name} broke off after {index} frames')
            self._stop.wait(self.pauses[tries])
            tries += 1
            self._capture = None if self._stop.is_set() else self.opener(self.address)
            if self._capture is not None:
                self.notes.append(f'{self.name} came back at try {tries}')
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._release()

    def _release(self) -> None:
        if self._capture is not None:
            self._capture.release()
        self._capture = None

    def close(self) -> None:
        """Stop the thread and let the camera go; a loop that is under way ends."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread is None:
            self._release()
        else:
            self._thread.join(2.0)
