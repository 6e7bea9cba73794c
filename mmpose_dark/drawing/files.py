"""Writing a drawing to a file."""

import os
from pathlib import Path

import cv2
import numpy as np

from ..utils.atomic_file import write_atomic
from ..utils.errors import OutputError
from .canvas import as_canvas

__all__ = ['write_image']


def write_image(path: str | os.PathLike, image: np.ndarray) -> None:
    """Write an image whole or not at all, making its folder.

    Args:
        path: file; its suffix decides the format.
        image: (H, W, 3) uint8 RGB.

    Raises:
        InputTypeError: no uint8 array.
        InputError: another shape.
        OutputError: the folder cannot be made, the file not written, or not in this format.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_image(f'{folder}/new/red.png', np.full((2, 2, 3), (255, 0, 0), np.uint8))
    ...     cv2.imread(f'{folder}/new/red.png')[0, 0].tolist()
    [0, 0, 255]
    """
    image = as_canvas(image)
    suffix = Path(path).suffix.lower()
    try:
        done, content = cv2.imencode(suffix or '.', np.ascontiguousarray(image[..., ::-1]))
    except cv2.error as err:
        raise OutputError(f'cannot write image {Path(path)}: {err.err}; use a name ending in .jpg or .png') from err
    if not done:
        raise OutputError(f'cannot write image {Path(path)} of shape {image.shape}: OpenCV cannot encode it')
    write_atomic(path, content.tobytes())
