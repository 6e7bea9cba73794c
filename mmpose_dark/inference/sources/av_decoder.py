"""Frames out of video files by PyAV."""

import heapq
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from av.sidedata.sidedata import Type as SideData
from av.stream import Disposition

from ...datasets.transforms.decoding import MAX_PIXELS
from ...datasets.transforms.quiet import without_stderr
from .upright import upright
from .video_decoder import Decoded, VideoError, VideoHeader

__all__ = ['open_av']

_WAITING = 64  # broken packets that wait for the frame behind them; decoders hold back 16 frames at most, a thread each
_FAULTS = (FFmpegError, OSError, ValueError)  # of data; PyAV has some of its own as ValueError


def open_av(path: Path) -> tuple[VideoHeader, Iterator[Decoded]]:
    """Open a video file by PyAV; see `open_video`.

    Raises:
        VideoError: it is no video.
    """
    try:
        # 'file:' since FFmpeg takes what stands before a colon in a name for a protocol.
        with without_stderr():  # other libraries may have switched FFmpeg's own messages on
            container = av.open(
                f'file:{path}', metadata_errors='replace', options={'protocol_whitelist': 'file,crypto,data'}
            )
    except _FAULTS as err:
        reason = getattr(err, 'strerror', None) or err
        raise VideoError(f'{path}: is no video that can be read ({reason}); is it whole?') from err
    try:
        stream = _video_stream(container, path)
    except VideoError:
        container.close()
        raise
    rate = stream.average_rate or stream.guessed_rate
    fps = float(rate) if rate else None
    seconds = None
    if stream.duration:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration:
        seconds = container.duration / av.time_base
    count = stream.frames or (round(seconds * fps) if seconds and fps else None)
    return VideoHeader(fps, count or None, seconds), _frames(container, stream)


def _video_stream(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    """Return the stream that is the video; a cover is none."""
    videos = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not videos:
        kinds = sorted({stream.type for stream in container.streams} - {'video'}) or ['nothing']
        raise VideoError(f'{path}: has no images, only {", ".join(kinds)}')
    best = container.streams.best('video')
    stream = best if best in videos else videos[0]
    if stream.codec_context is None:
        raise VideoError(f'{path}: its video is coded in a way that PyAV does not know; convert it to H.264')
    stream.codec_context.thread_type = 'AUTO'
    return stream


def _frames(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[Decoded]:
    """Yield frames, and for each packet that cannot be decoded an error where its frame would be.

    Packets come in the order of decoding and frames in that of showing, so that an error waits for the first frame
    that is shown later.
    """
    broken: list[tuple[float, str]] = []
    matrices = _Matrices()
    with container:
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except _FAULTS as err:
                yield from _in_order(broken)
                yield Decoded(None, None, f'the file breaks off: {_reason(err)}')
                return
            if packet is None:
                yield from _in_order(broken)
                return
            try:
                frames = packet.decode()
            except _FAULTS as err:
                error = f'its data is broken: {_reason(err)}'
                if packet.pts is None or packet.time_base is None:
                    yield Decoded(None, None, error)
                else:
                    heapq.heappush(broken, (float(packet.pts * packet.time_base), error))
                frames = []
            for frame in frames:
                decoded = _decoded(frame, matrices)
                if decoded.time is not None:
                    yield from _in_order(broken, before=decoded.time)
                yield decoded
            yield from _in_order(broken, most=_WAITING)


def _in_order(broken: list[tuple[float, str]], *, before: float = float('inf'), most: int = 0) -> Iterator[Decoded]:
    """Take out errors, the earliest first: those earlier than a moment, and all but ``most``."""
    while len(broken) > most and broken[0][0] < before:
        time, error = heapq.heappop(broken)
        yield Decoded(None, time, error)


class _Matrices:
    """The display matrix of frames, looked up where it may have changed only.

    PyAV's frames and their side data hold each other, and stay in memory until Python looks for such circles.
    """

    def __init__(self) -> None:
        self.matrix: np.ndarray | None = None
        self._rotation: int | None = None

    def of(self, frame: av.VideoFrame) -> np.ndarray | None:
        """Return the 9 numbers of a frame, None where it has none."""
        rotation = frame.rotation
        if rotation != self._rotation:
            found = frame.side_data.get(SideData.DISPLAYMATRIX)
            self.matrix = None if found is None else np.frombuffer(bytes(found), np.int32)
            self._rotation = rotation
        return self.matrix


def _decoded(frame: av.VideoFrame, matrices: _Matrices) -> Decoded:
    time = None if frame.time is None else float(frame.time)
    if frame.is_corrupt:
        return Decoded(None, time, 'its data is broken')
    if frame.width * frame.height > MAX_PIXELS:
        return Decoded(
            None, time, f'{frame.width} x {frame.height} pixels are more than {MAX_PIXELS:,}; make it smaller'
        )
    try:
        image = frame.to_ndarray(format='bgr24')
    except _FAULTS as err:
        return Decoded(None, time, f'its pixels cannot be converted from {frame.format.name}: {_reason(err)}')
    matrix = matrices.of(frame)
    return Decoded(image if matrix is None else upright(image, matrix), time)


def _reason(err: Exception) -> str:
    return str(getattr(err, 'strerror', None) or err)
