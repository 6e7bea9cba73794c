"""Reading images."""

import os

import cv2
import numpy as np
from mmengine import fileio

from ...registry import TRANSFORMS
from ..errors import ImageReadError
from .base import BaseTransform

__all__ = ['LoadImage', 'decode_image', 'to_bgr8']

_FLAGS = {'color': cv2.IMREAD_COLOR, 'color_ignore_orientation': cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION}


@TRANSFORMS.register_module()
class LoadImage(BaseTransform):
    """Read the image of a sample as 3-channel BGR uint8.

    Grey, 16-bit and RGBA files are converted (alpha is dropped, 16 bits are divided by 256). The
    EXIF orientation is applied, as OpenCV and mmpose 1.x do: annotations refer to the picture as
    it is seen. The official HRNet and DARK code does not apply it: ``'color_ignore_orientation'``.

    People of one image that come one after the other, as in testing, share its decoding: from the
    second request in a row on, a copy is kept, for as long as the file does not change.

    Reads: ``img_path``, or ``img``, an array that is there already (BGR or BGRA or grey).
    Adds: ``img`` (H, W, 3) uint8, ``img_shape`` and ``ori_shape`` (H, W).

    Args:
        color_type: ``'color'`` or ``'color_ignore_orientation'``.
        backend_args: of mmengine's file backend, for images in other places than local files.

    Raises:
        ImageReadError: the file is missing, empty, truncated or no image.
    """

    def __init__(self, color_type: str = 'color', backend_args: dict | None = None) -> None:
        if color_type not in _FLAGS:
            raise ValueError(f'LoadImage: color_type must be one of {list(_FLAGS)}, got {color_type!r}')
        self.color_type = color_type
        self.backend_args = backend_args
        self._last: tuple | None = None
        self._kept: np.ndarray | None = None

    def transform(self, results: dict) -> dict:
        """Read the image."""
        if results.get('img') is None:
            image = self._read(results['img_path'])
        else:
            results.setdefault('img_path', '')
            image = to_bgr8(results['img'], results['img_path'])
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results

    def _read(self, path: str) -> np.ndarray:
        state = _file_state(path) if self.backend_args is None else None
        if state is None or state != self._last:
            self._last, self._kept = state, None
            return self._decode(path)
        if self._kept is None:
            self._kept = self._decode(path)
        return self._kept.copy()

    def _decode(self, path: str) -> np.ndarray:
        try:
            content = fileio.get(path, backend_args=self.backend_args)
        except OSError as err:
            raise ImageReadError(path, (err.strerror or str(err)).lower()) from err
        return decode_image(content, path, ignore_orientation=self.color_type != 'color')


def _file_state(path: str) -> tuple | None:
    """What changes when a file does; None where there is no such local file."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return path, stat.st_mtime_ns, stat.st_size, stat.st_ino


def decode_image(content: bytes, path: str, *, ignore_orientation: bool = False) -> np.ndarray:
    """Decode the bytes of an image file.

    Args:
        content: of the file.
        path: for errors.
        ignore_orientation: do not apply the EXIF orientation.

    Returns:
        (H, W, 3) BGR uint8.

    Raises:
        ImageReadError: no bytes, cut off, or no image.
    """
    if not content:
        raise ImageReadError(path, 'the file is empty (0 bytes)')
    if _is_cut_off(content):
        raise ImageReadError(path, f'the file is truncated: it ends after {len(content)} bytes without an end marker')
    flags = _FLAGS['color_ignore_orientation' if ignore_orientation else 'color']
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as err:
        raise ImageReadError(path, f'it cannot be decoded: {err.err}') from err
    if image is None:
        raise ImageReadError(path, f'it is no image that OpenCV can decode (it begins with {content[:8]!r})')
    return image


def _is_cut_off(content: bytes) -> bool:
    """Whether a JPEG or PNG lacks its end: OpenCV fills what is missing with grey, without a word."""
    if content[:3] == b'\xff\xd8\xff':
        return content.rfind(b'\xff\xd9') < _start_of_scan(content)
    if content[:8] == b'\x89PNG\r\n\x1a\n':
        return content.rfind(b'IEND') < 8
    return False


def _start_of_scan(content: bytes) -> int:
    """Where the image of a JPEG begins, behind its header (which may hold a thumbnail with an end of its own)."""
    at, size = 2, len(content)
    while at + 4 <= size and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xDA:
            return at
        # Fill bytes and markers without a length.
        if marker == 0xFF:
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4], 'big')
    return size


def to_bgr8(image: np.ndarray, path: str = '') -> np.ndarray:
    """Convert an array to (H, W, 3) BGR uint8.

    Args:
        image: (H, W), (H, W, 1), (H, W, 3) BGR or (H, W, 4) BGRA; uint8 or uint16.
        path: for errors.

    Raises:
        ImageReadError: another shape or type, or no pixels.

    >>> to_bgr8(np.full((2, 2), 256, np.uint16))[0, 0].tolist()
    [1, 1, 1]
    """
    if not isinstance(image, np.ndarray) or image.size == 0 or image.ndim not in (2, 3):
        what = f'shape {image.shape}' if isinstance(image, np.ndarray) else type(image).__name__
        raise ImageReadError(path, f'an array (height, width, channels) with pixels is needed, got {what}')
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.dtype != np.uint8:
        raise ImageReadError(path, f'pixels must be uint8 or uint16, got {image.dtype}')
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channels == 3:
        return image
    if channels not in (1, 4):
        raise ImageReadError(path, f'1, 3 or 4 channels are needed, got shape {image.shape}')
    return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR if channels == 1 else cv2.COLOR_BGRA2BGR)
