"""What a decoder of videos gives: a header that may be wrong, and frames that may be broken."""

from typing import NamedTuple

import numpy as np

from ...utils.errors import InputError

__all__ = ['Decoded', 'VideoError', 'VideoHeader']


class VideoError(InputError):
    """A file that is no video, or has no frame."""


class VideoHeader(NamedTuple):
    """What a file says of itself, which may be wrong.

    Attributes:
        fps: frames a second on average; None: it does not say.
        num_frames: None: it does not say.
        seconds: how long it is; None: it does not say.
    """

    fps: float | None
    num_frames: int | None
    seconds: float | None


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
