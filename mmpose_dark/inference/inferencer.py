"""Keypoints for many images: reading, network and the caller's own work at the same time, in full batches."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..datasets.errors import ImageReadError
from ..utils.errors import InputError
from .ahead import map_ahead
from .batcher import in_batches
from .box_lists import Boxes, box_lists
from .boxes import BoxError, BoxSource, GivenBoxes, WholeImage
from .crops import Crop, path_of
from .image_types import ImageTypeError
from .network import join_people
from .results import ImageResult
from .sources import Image, images_of, is_one_image
from .topdown import PreparedImage, TopDownSteps

if TYPE_CHECKING:
    from ..models.pose_estimators import BasePoseEstimator

__all__ = ['Inferencer']

_MOST_BYTES = 1 << 29  # of images that wait for a full batch


class Inferencer:
    """Runs a model over images: read, boxes, crops, network, poses.

    An image that cannot be read, or has a box that cannot be used, comes out with its ``error`` and does not end the
    run. With workers three things go on at once: they read and crop the next images, one more thread runs the network
    on a batch of people of one or several images, and the caller works on the results. However many images there are,
    only a few batches of them are kept.

    Args:
        model: of `init_model`.
        batch_size: people a batch, of one or several images. By default 32, on the CPU 16: there larger
            batches are slower, since they leave the caches (docs/benchmarks.md).
        num_workers: threads that read and crop images while the network computes; 0 does one after the
            other. By default 2, on the CPU 0: there they would take the network's cores from it.
        detector: says where the people are in images that come without boxes; by default each of these is one person.

    Raises:
        InputError: a batch size below one, or a negative number of workers.

    Example: ``for result in Inferencer(model)(['a.jpg', 'b.jpg']): print(result.path, result.poses)``
    """

    def __init__(
        self,
        model: 'BasePoseEstimator',
        *,
        batch_size: int | None = None,
        num_workers: int | None = None,
        detector: BoxSource | None = None,
    ) -> None:
        self.steps = TopDownSteps(model)
        on_cpu = next(model.parameters()).device.type == 'cpu'
        self.batch_size = (16 if on_cpu else 32) if batch_size is None else batch_size
        self.num_workers = (0 if on_cpu else 2) if num_workers is None else num_workers
        if self.batch_size < 1 or self.num_workers < 0:
            raise InputError(
                f'batch_size must be at least 1 and num_workers at least 0, got {batch_size} and {num_workers}'
            )
        self.model = model
        self.detector = WholeImage() if detector is None else detector
        self._nobody = join_people([], model, boxes=np.zeros((0, 4)), box_scores=np.zeros(0))

    def __call__(
        self,
        images: Image | Iterable[Image],
        bboxes: Callable[[str], Boxes] | Iterable[Boxes] | None = None,
        bbox_format: str = 'xyxy',
    ) -> Iterator[ImageResult]:
        """Yield one result an image, in order, as soon as it is complete.

        Args:
            images: files, arrays (H, W, 3) BGR uint8, PIL images or tensors, see `as_image`, which may come from a
                generator without end; or one image, a folder or a glob.
            bboxes: boxes of each image, in the images' order, or a function from an image's
                path to its boxes; for one image, its boxes (N, 4); None (also for one image) asks the detector.
            bbox_format: ``'xyxy'`` or ``'xywh'``.

        Raises:
            InputError: another number of box lists than images, or another ``bbox_format``.
            InputTypeError: ``images`` or ``bboxes`` are none.
            MissingFileError: a folder or a glob without images.
        """
        given = partial(GivenBoxes, bbox_format=bbox_format)
        given([])  # refuses an unknown format
        boxes = box_lists(bboxes, one_image=is_one_image(images))
        return self._run(_with_sources(images_of(images), boxes, given, self.detector))

    def _run(self, pairs: Iterable[tuple[Image, BoxSource]]) -> Iterator[ImageResult]:
        with (
            closing(map_ahead(self._prepare, pairs, threads=self.num_workers)) as prepared,
            closing(
                in_batches(
                    prepared,
                    self.steps.find,
                    batch_size=self.batch_size,
                    threads=min(self.num_workers, 1),
                    size_of=_bytes_of,
                    most=_MOST_BYTES,
                )
            ) as complete,
        ):
            for step, found in complete:
                yield self.steps.finish(step, found) if isinstance(step, PreparedImage) else step

    def _prepare(self, pair: tuple[Image, BoxSource]) -> tuple[PreparedImage | ImageResult, Iterable[Crop]]:
        """Read, ask for boxes and cut, in a worker's thread; an image that goes no further is a result already."""
        image, source = pair
        path, pixels = path_of(image), None
        try:
            pixels = self.steps.read(image)
            prepared = self.steps.prepare(pixels, path, source)
        except ImageReadError as err:
            return ImageResult(path, self._nobody, pixels, err.reason), []
        except (BoxError, ImageTypeError) as err:
            return ImageResult(path, self._nobody, pixels, str(err)), []
        return prepared, prepared.crops


def _bytes_of(step: PreparedImage | ImageResult) -> int:
    return 0 if step.image is None else step.image.nbytes


def _with_sources(
    images: Iterable[Image],
    bboxes: Callable[[str], Boxes] | Iterable[Boxes] | None,
    given: Callable[[Boxes], BoxSource],
    default: BoxSource,
) -> Iterator[tuple[Image, BoxSource]]:
    """Yield each image with what gives its boxes."""
    if bboxes is None:
        for image in images:
            yield image, default
        return
    lists, ended = None if callable(bboxes) else iter(bboxes), object()
    for image in images:
        boxes = bboxes(path_of(image)) if lists is None else next(lists, ended)
        if boxes is ended:
            raise InputError('there are more images than lists of boxes; give one list an image, empty for none')
        yield image, default if boxes is None else given(boxes)
    if lists is not None and next(lists, ended) is not ended:
        raise InputError('there are more lists of boxes than images; give one list an image')
