"""Reading images as training will: wholly decoded, with their size, orientation and a fingerprint."""

import dataclasses
import hashlib
import itertools
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..datasets.errors import ImageReadError
from ..datasets.transforms.decoding import MAX_PIXELS, decode_image
from ..datasets.transforms.image_bytes import read_image_bytes
from ..datasets.transforms.image_header import exif_orientation

__all__ = ['SIDEWAYS', 'ImageFile', 'exif_orientation', 'read_image_file', 'read_image_files', 'spread']

SIDEWAYS = (5, 6, 7, 8)
"""EXIF orientations that exchange width and height."""


@dataclasses.dataclass(frozen=True)
class ImageFile:
    """An image file.

    Attributes:
        size_wh: width and height in pixels as it is seen, the EXIF orientation applied; None if unreadable.
        orientation: EXIF's, 1 to 8; 1 is upright.
        digest: of the file's bytes.
        problem: why it cannot be read, or None.
        missing: whether it is not there.
    """

    size_wh: tuple[int, int] | None
    orientation: int = 1
    digest: bytes = b''
    problem: str | None = None
    missing: bool = False

    @property
    def stored_wh(self) -> tuple[int, int] | None:
        """Width and height of the pixels as stored, without the EXIF orientation.

        >>> ImageFile((20, 10), orientation=6).stored_wh
        (10, 20)
        """
        if self.size_wh is None or self.orientation not in SIDEWAYS:
            return self.size_wh
        return self.size_wh[::-1]


def read_image_file(path: str, *, backend_args: dict | None = None, max_pixels: int = MAX_PIXELS) -> ImageFile:
    """Decode a file wholly, as training will, and look for damage that decoders pass over.

    Args:
        path: of the file.
        backend_args: of mmengine's file backend.
        max_pixels: of the largest image that is read.
    """
    try:
        content = read_image_bytes(path, backend_args=backend_args, max_pixels=max_pixels)
        image = decode_image(content, path, max_pixels=max_pixels, strict=True)
    except ImageReadError as err:
        return ImageFile(None, problem=err.reason, missing=isinstance(err.__cause__, FileNotFoundError))
    digest = hashlib.blake2b(content, digest_size=16).digest()
    return ImageFile((image.shape[1], image.shape[0]), exif_orientation(content), digest)


def read_image_files(
    paths: Iterable[str], *, workers: int = 4, backend_args: dict | None = None
) -> Iterator[tuple[str, ImageFile]]:
    """Yield paths and what :func:`read_image_file` says, in order, reading ``workers`` at a time.

    Args:
        paths: of the files.
        workers: threads; OpenCV decodes outside Python's lock.
        backend_args: of mmengine's file backend.
    """
    paths = iter(paths)
    with ThreadPoolExecutor(max(workers, 1)) as pool:
        # A window of tasks: a queue of all of them would hold a million futures.
        waiting: list = []
        try:
            while True:
                for path in itertools.islice(paths, 4 * max(workers, 1) - len(waiting)):
                    waiting.append((path, pool.submit(read_image_file, path, backend_args=backend_args)))
                if not waiting:
                    return
                path, task = waiting.pop(0)
                yield path, task.result()
        finally:
            for _, task in waiting:
                task.cancel()


def spread(count: int, limit: int | None) -> np.ndarray:
    """Return the indices of at most ``limit`` of ``count`` things, evenly spread.

    >>> spread(10, 3).tolist(), spread(2, None).tolist()
    ([0, 4, 9], [0, 1])
    """
    if limit is None or count <= limit:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, limit).astype(int))
