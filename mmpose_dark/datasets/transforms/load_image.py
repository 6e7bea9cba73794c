"""Reading images."""

import os
from collections.abc import Callable, Sequence

from mmengine import fileio
from mmengine.fileio.backends import backends

from ...registry import TRANSFORMS
from ...utils.errors import InputError
from ..storage import PackedBackend
from .base import BaseTransform
from .decoding import COLOR_TYPES, MAX_PIXELS, check_max_pixels, decode_image, to_bgr8
from .image_bytes import read_image_bytes
from .image_header import jpeg_size
from .reduced_decoding import ReducedImage, reduction_for, reduction_geometry

__all__ = ['LoadImage', 'decode_image', 'to_bgr8']


@TRANSFORMS.register_module()
class LoadImage(BaseTransform):
    """Read the image of a sample as 3-channel BGR uint8.

    Grey, 16-bit and RGBA files are converted (alpha is dropped, 16 bits are divided by 256). The
    orientation that a file says is applied, as OpenCV and mmpose 1.x do: annotations refer to the image
    as it is seen. The official HRNet and DARK code does not apply it: ``'color_ignore_orientation'``.

    People of one image that come one after the other, as in testing, share its decoding: from the
    second request in a row on, a copy is kept, for as long as the file does not change.

    With ``reduce_to``, JPEG files are decoded at 1/2, 1/4 or 1/8 of their size, the smallest at
    which the person's box, widened to the shape of ``reduce_to``, still has so many pixels. All
    coordinates, shapes and boxes stay those of the whole image; ``img_to_ori`` tells
    ``RandomFlip`` and ``TopdownAffine`` where the pixels belong. A transform of your own that
    changes ``img`` and coordinates must know it too. It is for training only: pixels differ from
    those of the whole image, so a pipeline of evaluation refuses it.

    Reads: ``img_path``, or ``img``, an array that is there already (BGR or BGRA or grey); with
    ``reduce_to`` also ``bbox``, or ``bbox_scale``.
    Adds: ``img`` (H, W, 3) uint8, ``img_shape`` and ``ori_shape`` (H, W) of the whole image, and
    of a reduced one ``img_to_ori`` (2, 3), from pixels of ``img`` to those of the whole image.

    Args:
        color_type: ``'color'`` or ``'color_ignore_orientation'``.
        backend_args: of mmengine's file backend, for images in other places than local files;
            ``dict(backend='zip', path=...)``, ``'tar'`` and ``'lmdb'``: see docs/datasets.md.
        reduce_to: width and height of the network's input, or more, to decode large JPEG files at
            reduced size; None: whole.
        max_pixels: width times height of the largest image that is read; a header or a file that says more is
            refused before memory is taken.

    Raises:
        ImageReadError: the file is missing, empty, truncated, damaged, too large or no image.
        ValueError: an unknown ``color_type`` or backend, or ``reduce_to`` is not two positive numbers.
    """

    def __init__(
        self,
        color_type: str = 'color',
        backend_args: dict | None = None,
        reduce_to: Sequence[int] | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        if color_type not in COLOR_TYPES:
            raise InputError(f'LoadImage: color_type must be one of {list(COLOR_TYPES)}, got {color_type!r}')
        if reduce_to is not None and (len(reduce_to) != 2 or min(reduce_to) < 1):
            raise InputError(f'LoadImage: reduce_to must be (width, height), got {reduce_to}')
        backend = (backend_args or {}).get('backend')
        if backend is not None and backend not in backends:
            raise InputError(f'LoadImage: backend_args names no backend of {sorted(backends)}, got {backend!r}')
        self.color_type = color_type
        self.backend_args = backend_args
        self.max_pixels = check_max_pixels(max_pixels)
        self.reduce_to = None if reduce_to is None else tuple(reduce_to)
        self._last: tuple | None = None
        self._kept: ReducedImage | None = None

    def transform(self, results: dict) -> dict:
        """Read the image.

        >>> results = LoadImage()(dict(img=np.full((4, 5), 7, np.uint8)))
        >>> results['img'].shape, results['ori_shape']
        ((4, 5, 3), (4, 5))
        """
        if results.get('img') is None:
            reduction = 1 if self.reduce_to is None else reduction_for(results, self.reduce_to)
            image, shape, to_ori = self._read(results['img_path'], reduction)
            if to_ori is not None:
                results['img_to_ori'] = to_ori
        else:
            results.setdefault('img_path', '')
            image = to_bgr8(results['img'], results['img_path'])
            shape = image.shape[:2]
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = shape
        return results

    def check_pipeline(self, followers: Sequence[Callable]) -> None:
        """Refuse ``reduce_to`` where it would do harm; called when a pipeline is put together.

        Args:
            followers: the transforms behind this one.

        Raises:
            ValueError: none of them is random, as in an evaluation, or none uses up ``img_to_ori``.
        """
        if self.reduce_to is None:
            return
        promised = {
            name: any(getattr(t, name, False) for t in followers) for name in ('removes_img_to_ori', 'is_random')
        }
        if not all(promised.values()):
            raise InputError(
                f'LoadImage: reduce_to={self.reduce_to} is for training: TopdownAffine and a random transform '
                '(is_random = True) must follow in the same pipeline, got '
                f'{[type(t).__name__ for t in followers]}. Remove it from pipelines for evaluation and inference'
            )

    @property
    def storage(self) -> PackedBackend | None:
        """The backend that reads from an archive, if ``backend_args`` names one."""
        if not (self.backend_args or {}).get('backend'):
            return None
        backend = fileio.get_file_backend('', backend_args=self.backend_args, enable_singleton=True)
        return backend if isinstance(backend, PackedBackend) else None

    def _read(self, path: str, reduction: int) -> ReducedImage:
        state = self._state(path)
        if state is None or (state, reduction) != self._last:
            self._last, self._kept = None if state is None else (state, reduction), None
            return self._decode(path, reduction)
        if self._kept is None:
            self._kept = self._decode(path, reduction)
        return self._kept._replace(image=self._kept.image.copy())

    def _state(self, path: str) -> tuple | None:
        if self.backend_args is None:
            return _file_state(path)
        storage = self.storage
        try:
            return None if storage is None else storage.state(path)
        except OSError:
            return None  # reading says what is wrong

    def _decode(self, path: str, reduction: int) -> ReducedImage:
        content = read_image_bytes(path, backend_args=self.backend_args, max_pixels=self.max_pixels)
        ignore = self.color_type != 'color'
        if reduction > 1 and jpeg_size(content) is not None:
            image = decode_image(
                content, path, ignore_orientation=ignore, reduction=reduction, max_pixels=self.max_pixels
            )
            found = reduction_geometry(content, image.shape[:2], reduction, ignore_orientation=ignore)
            if found is not None:
                return ReducedImage(image, *found)
        image = decode_image(content, path, ignore_orientation=ignore, max_pixels=self.max_pixels)
        return ReducedImage(image, image.shape[:2], None)


def _file_state(path: str) -> tuple | None:
    """What changes when a file does; None where there is no such local file."""
    try:
        stat = os.stat(path)
    except (OSError, ValueError):
        return None  # reading says what is wrong
    return path, stat.st_mtime_ns, stat.st_size, stat.st_ino
