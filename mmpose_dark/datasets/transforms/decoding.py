"""From the bytes of an image file, or from an array, to (H, W, 3) BGR uint8."""

import cv2
import numpy as np

from ...utils.errors import InputError
from ..errors import ImageReadError
from .box_header import is_avif
from .image_damage import damage, lacks_data
from .image_header import exif_orientation, image_size
from .tiff_header import ALPHA, ORIENTATION, first_tags, is_tiff, with_values

__all__ = ['COLOR_TYPES', 'MAX_PIXELS', 'check_max_pixels', 'decode_image', 'to_bgr8']

COLOR_TYPES = {'color': cv2.IMREAD_COLOR, 'color_ignore_orientation': cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION}
MAX_PIXELS = 1 << 27
"""Pixels of the largest image that is decoded by default: 134 million, such as 11,585 x 11,585; 400 MB of memory."""
_REDUCED = {1: 0, 2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}
_FLOATS = (b'Pf', b'PF', b'#?RADIANCE', b'#?RGBE')
_ASSOCIATED, _UNASSOCIATED = 1, 2  # TIFF's kinds of alpha: colours are multiplied with it, or not


def check_max_pixels(max_pixels: object) -> int:
    """Return a limit on pixels.

    Raises:
        ValueError: it is no whole number above 0.

    >>> check_max_pixels(1000)
    1000
    """
    if not isinstance(max_pixels, int) or isinstance(max_pixels, bool) or max_pixels < 1:
        raise InputError(f'max_pixels must be a whole number above 0, got {max_pixels!r}')
    return max_pixels


def decode_image(
    content: bytes,
    path: str,
    *,
    ignore_orientation: bool = False,
    reduction: int = 1,
    max_pixels: int = MAX_PIXELS,
    strict: bool = False,
) -> np.ndarray:
    """Decode the bytes of an image file.

    Args:
        content: of the file.
        path: for errors.
        ignore_orientation: do not apply the orientation that the file says.
        reduction: 1, 2, 4 or 8: decode at this part of width and height.
        max_pixels: refuse larger images, by their header, before any memory is taken.
        strict: also look for damage that costs another decoding to see.

    Returns:
        (H, W, 3) BGR uint8; alpha is dropped.

    Raises:
        ImageReadError: no bytes, cut off, damaged, too large, of floating-point values, or no image.

    >>> png = cv2.imencode('.png', np.full((4, 5, 3), 7, np.uint8))[1].tobytes()
    >>> decode_image(png, 'a.png').shape
    (4, 5, 3)
    """
    if not content:
        raise ImageReadError(path, 'the file is empty (0 bytes)')
    if content.startswith(_FLOATS):
        raise ImageReadError(path, 'it holds floating-point values, which have no fixed range; convert it to 8 bits')
    size = image_size(content)
    if size is not None and size[0] * size[1] > max_pixels:
        raise ImageReadError(
            path,
            f'{size[0]} x {size[1]} pixels are more than max_pixels={max_pixels}; make it smaller, or raise max_pixels '
            'of LoadImage',
        )
    problem = damage(content)
    if problem:
        raise ImageReadError(path, problem)
    flags = COLOR_TYPES['color_ignore_orientation' if ignore_orientation else 'color'] | _REDUCED[reduction]
    if is_tiff(content):
        image = _decode_tiff(content, path, flags, ignore_orientation=ignore_orientation)
    else:
        image = _decode(content, path, flags)
        if lacks_data(content, lambda c: _decode(c, path, flags), image, strict=strict):
            raise ImageReadError(
                path, 'the file is damaged: its data ends before the image does, the rest would be grey'
            )
    if is_avif(content) and not ignore_orientation:
        image = _turned(image, exif_orientation(content))
    return image


def _decode(content: bytes, path: str, flags: int) -> np.ndarray:
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as err:
        raise ImageReadError(path, f'it cannot be decoded: {err.err}') from err
    if image is None:
        raise ImageReadError(path, f'it is no image that OpenCV can decode (it begins with {content[:8]!r})')
    return image


def _decode_tiff(content: bytes, path: str, flags: int, *, ignore_orientation: bool) -> np.ndarray:
    """Decode a TIFF, whose decoder turns the image whatever the flags say, and multiplies colours with alpha."""
    tags = first_tags(content)
    alpha = tags[ALPHA].value if ALPHA in tags else 0
    changes = {ORIENTATION: 1} if ignore_orientation else {}
    if alpha == _UNASSOCIATED:
        changes[ALPHA] = _ASSOCIATED  # so that the colours are taken as they stand there
    if changes:
        content = with_values(content, changes)
    if alpha != _ASSOCIATED:
        return _decode(content, path, flags)
    image = _decode(content, path, cv2.IMREAD_UNCHANGED)
    if image.ndim != 3 or image.shape[2] != 4:
        return _decode(content, path, flags)
    full = np.iinfo(image.dtype).max if image.dtype.kind == 'u' else 1
    colors, opacity = image[..., :3].astype(np.float64), image[..., 3:].astype(np.float64)
    colors = np.clip(np.rint(colors * full / np.maximum(opacity, 1)), 0, full).astype(image.dtype)
    return to_bgr8(colors, path)


def _turned(image: np.ndarray, orientation: int) -> np.ndarray:
    """The image (H, W, 3) as it is to be seen, by EXIF's code."""
    if orientation in (5, 6, 7, 8):
        image = image.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)


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
