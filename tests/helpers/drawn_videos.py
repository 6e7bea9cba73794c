"""Videos that tests write: a square that walks to the right by two pixels a frame, so that a frame tells its number."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

__all__ = ['drawn', 'evenly', 'number_of', 'write_video']

TICKS = 12800  # a second


def drawn(number: int, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    """Grey (H, W, 3), a red corner at top left, a blue edge at the left, and a white square that walks."""
    image = np.full((size[1], size[0], 3), 90, np.uint8)
    image[20:, :8] = (255, 0, 0)
    image[:12, :12] = (0, 0, 255)
    left = 12 + 2 * number % (size[0] - 24)
    image[20:32, left : left + 10] = 255
    return image


def number_of(image: np.ndarray) -> int:
    """Which frame it is, as long as the square has not reached the right edge."""
    return round((np.flatnonzero((image[25] > 180).all(-1))[0] - 12) / 2)


def evenly(count: int, fps: float = 25.0) -> list[float]:
    """Times of frames."""
    return [i / fps for i in range(count)]


def write_video(
    path: Path,
    times: Sequence[float],
    *,
    codec: str = 'mpeg4',
    pix_fmt: str = 'yuv420p',
    size: tuple[int, int] = (64, 48),
    turn: tuple[float, bool] = (0, False),
    b_frames: int = 0,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    form: str | None = None,
) -> Path:
    """Write frames with these times, as PyAV does it."""
    import av

    with av.open(str(path), 'w', format=form, options=container or {}) as file:
        stream = file.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.codec_context.time_base = Fraction(1, TICKS)
        if codec in ('mpeg4', 'libx264'):
            stream.codec_context.max_b_frames = b_frames
        if turn != (0, False):
            stream.set_display_rotation(turn[0], hflip=turn[1])
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(drawn(number, size), format='bgr24')
            frame.pts, frame.time_base = round(time * TICKS), Fraction(1, TICKS)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path
