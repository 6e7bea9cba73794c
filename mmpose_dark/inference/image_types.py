"""One image, in whatever form it is given: a file, an array, a PIL image or a tensor."""

import os
from typing import TYPE_CHECKING

import numpy as np

from ..utils.errors import InputTypeError
from ..utils.foreign_types import is_pil_image, is_tensor

if TYPE_CHECKING:
    from PIL.Image import Image as PilImage
    from torch import Tensor

__all__ = ['ImageTypeError', 'as_image']

_CHANNELS = (1, 3, 4)
_DEEP = ('I', 'I;16', 'I;16L', 'I;16B', 'I;16N')


class ImageTypeError(InputTypeError):
    """Something that is no image; the message says what is."""


def as_image(image: object) -> np.ndarray | str:
    """Return the path of a file, or pixels as OpenCV has them.

    Args:
        image: a file; an array (H, W, 3) uint8 BGR, also grey (H, W), BGRA (H, W, 4) or uint16; a tensor of such a
            shape, in the same order of channels; or a PIL image, which is RGB and is converted. Its pixels are taken
            as they stand, as its ``size`` says, without the EXIF orientation (``PIL.ImageOps.exif_transpose`` applies
            it).

    Returns:
        A path, or (H, W), (H, W, 1), (H, W, 3) BGR or (H, W, 4) BGRA, uint8 or uint16.

    Raises:
        ImageTypeError: something else, a tensor (3, H, W) too: whether such a one is RGB or BGR it does not say.

    >>> as_image('a.jpg'), as_image(torch.zeros(4, 6, 3, dtype=torch.uint8)).shape
    ('a.jpg', (4, 6, 3))
    """
    if isinstance(image, str | os.PathLike):
        return os.fsdecode(image)
    if isinstance(image, np.ndarray):
        return image
    if is_pil_image(image):
        return _of_pil(image)
    if is_tensor(image):
        return _of_tensor(image)
    several = f' of {len(image)}' if isinstance(image, list | tuple) else ''
    hint = {
        list: '; give images one by one, or the list to Inferencer',
        tuple: '; give images one by one, or all to Inferencer',
        type(None): '; cv2.imread gives None for a file that it cannot read',
        bytes: '; decode it first, as cv2.imdecode does',
    }.get(type(image), '')
    raise ImageTypeError(
        'an image must be a file, an array (H, W, 3) uint8 BGR, a PIL image or a tensor (H, W, 3) uint8 BGR, got '
        f'{type(image).__name__}{several}{hint}'
    )


def _of_pil(image: 'PilImage') -> np.ndarray:
    if image.mode in _DEEP:
        deep = np.asarray(image)
        if deep.size and (deep.min() < 0 or deep.max() > 65535):
            raise ImageTypeError(
                f'a PIL image of mode {image.mode!r} must hold 16 bits, got {deep.min()}..{deep.max()}'
            )
        return deep.astype(np.uint16)
    if image.mode == 'F':
        raise ImageTypeError("a PIL image of mode 'F' (floats) has no range: convert it to 'RGB' or 'L'")
    if image.mode == 'L':
        return np.array(image)
    return np.ascontiguousarray(np.asarray(image.convert('RGB'))[..., ::-1])


def _of_tensor(image: 'Tensor') -> np.ndarray:
    shape, kind = tuple(image.shape), str(image.dtype).removeprefix('torch.')
    if kind not in ('uint8', 'uint16'):
        raise ImageTypeError(f'a tensor as image must be uint8 or uint16, got {kind} of shape {shape}')
    if len(shape) == 3 and shape[2] not in _CHANNELS and shape[0] in _CHANNELS:
        raise ImageTypeError(
            f'a tensor as image must have the shape (H, W, 3), BGR, got {shape}: give image.permute(1, 2, 0) if it is '
            'BGR, image.flip(0).permute(1, 2, 0) if it is RGB'
        )
    return image.detach().cpu().numpy()
