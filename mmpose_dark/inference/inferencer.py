"""Keypoints for many pictures: reading, network and the caller's own work at the same time, in full batches."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..datasets.errors import ImageReadError
from ..structures import PoseDataSample
from ..utils.errors import InputError
from .boxes import BoxError
from .topdown import build_test_pipeline, load_image, make_crops, predict_crops

__all__ = ['ImageResult', 'Inferencer']


@dataclass
class ImageResult:
    """What was found in one picture.

    Attributes:
        path: of the picture; '' for an array.
        samples: one a person, in the boxes' order; see `inference_topdown`.
        image: (H, W, 3) BGR uint8; None if it cannot be read.
        error: why there are no samples: the picture cannot be read, or a box not used; None if all is well.
    """

    path: str
    samples: list[PoseDataSample] = field(default_factory=list)
    image: np.ndarray | None = None
    error: str | None = None


class Inferencer:
    """Runs a model over pictures.

    A picture that cannot be read, or has a box that cannot be used, comes out with its ``error`` and
    does not end the run. With workers three things go on at once: they read and crop the next pictures,
    one more thread runs the network on a batch of people of one or several pictures, and the caller works
    on the results.

    Args:
        model: of `init_model`.
        batch_size: people a batch, of one or several pictures. By default 32, on the CPU 16: there larger
            batches are slower, since they leave the caches (docs/benchmarks.md).
        num_workers: threads that read and crop pictures while the network computes; 0 does one after the
            other. By default 2, on the CPU 0: there they would take the network's cores from it.

    Raises:
        ValueError: a batch size below one, or a negative number of workers.

    Example: ``for result in Inferencer(model)(['a.jpg', 'b.jpg']): print(result.path, len(result.samples))``
    """

    def __init__(
        self, model: torch.nn.Module, *, batch_size: int | None = None, num_workers: int | None = None
    ) -> None:
        on_cpu = next(model.parameters()).device.type == 'cpu'
        self.batch_size = (16 if on_cpu else 32) if batch_size is None else batch_size
        self.num_workers = (0 if on_cpu else 2) if num_workers is None else num_workers
        if self.batch_size < 1 or self.num_workers < 0:
            raise InputError(
                f'batch_size must be at least 1 and num_workers at least 0, got {batch_size} and {num_workers}'
            )
        self.model = model
        self.pipeline = build_test_pipeline(model.cfg)

    def __call__(
        self,
        images: Iterable[str | Path | np.ndarray],
        bboxes: Callable[[str], Any] | Iterable[Any] | None = None,
        bbox_format: str = 'xyxy',
    ) -> Iterator[ImageResult]:
        """Yield one result a picture, in order, as soon as it is complete.

        Args:
            images: files, or arrays (H, W, 3) BGR uint8.
            bboxes: boxes of each picture, in the pictures' order, or a function from a picture's
                path to its boxes; None (also for one picture) takes the whole picture.
            bbox_format: ``'xyxy'`` or ``'xywh'``.

        Raises:
            ValueError: another number of box lists than pictures.
        """
        with _executor(min(self.num_workers, 1)) as network:
            queue = _Queue(self.model, self.batch_size, network)
            try:
                for result, crops in self._read_ahead(_paired(images, bboxes), bbox_format):
                    queue.add(result, crops)
                    yield from queue.complete()
                queue.flush()
                yield from queue.complete(all_of_them=True)
            finally:
                queue.cancel()

    def _read_ahead(self, pairs: Iterator[tuple[Any, Any]], bbox_format: str) -> Iterator[tuple[ImageResult, list]]:
        with _executor(self.num_workers) as pool:
            queue: deque[Future] = deque()
            try:
                for image, boxes in pairs:
                    queue.append(pool.submit(self._prepare, image, boxes, bbox_format))
                    if len(queue) > 2 * self.num_workers:
                        yield queue.popleft().result()
                while queue:
                    yield queue.popleft().result()
            finally:
                for future in queue:
                    future.cancel()

    def _prepare(self, image: Any, boxes: Any, bbox_format: str) -> tuple[ImageResult, list[dict]]:
        result = ImageResult('' if isinstance(image, np.ndarray) else str(image))
        try:
            loaded = load_image(self.pipeline, image)
            result.image = loaded['img']
            crops = make_crops(
                self.pipeline, loaded, bboxes=boxes, bbox_format=bbox_format, dataset_meta=self.model.dataset_meta
            )
        except ImageReadError as err:
            result.error = err.reason
            return result, []
        except BoxError as err:
            result.error = str(err)
            return result, []
        return result, crops


class _Queue:
    """Pictures in order, on their way through the network.

    A batch is submitted as soon as it is full. Two are under way at most: one that is computed, and one
    that is ready when it ends.
    """

    def __init__(self, model: torch.nn.Module, batch_size: int, network: Executor) -> None:
        self.model, self.batch_size, self.network = model, batch_size, network
        self.pictures: deque[ImageResult] = deque()  # not yet given to the caller
        self.open: dict[int, int] = {}  # people of a picture that the network has not returned, by id of its result
        self.crops: list[tuple[ImageResult, dict]] = []  # not yet in a batch
        self.batches: deque[tuple[Future, list[ImageResult]]] = deque()

    def add(self, result: ImageResult, crops: list[dict]) -> None:
        """Take a picture with the crops of its people, and submit the batches that are full."""
        self.pictures.append(result)
        self.open[id(result)] = len(crops)
        self.crops += [(result, crop) for crop in crops]
        while len(self.crops) >= self.batch_size:
            self._submit()

    def flush(self) -> None:
        """Submit what is left, less than a batch."""
        if self.crops:
            self._submit()

    def complete(self, *, all_of_them: bool = False) -> Iterator[ImageResult]:
        """Yield the pictures at the front whose people are done, or wait for all."""
        while self.batches and (all_of_them or self.batches[0][0].done()):
            self._collect()
        while self.pictures and not self.open[id(self.pictures[0])]:
            result = self.pictures.popleft()
            del self.open[id(result)]
            yield result

    def cancel(self) -> None:
        """Give up the batches that have not begun."""
        for future, _ in self.batches:
            future.cancel()

    def _submit(self) -> None:
        if len(self.batches) > 1:
            self._collect()
        taken, self.crops = self.crops[: self.batch_size], self.crops[self.batch_size :]
        future = self.network.submit(predict_crops, self.model, [crop for _, crop in taken])
        self.batches.append((future, [result for result, _ in taken]))

    def _collect(self) -> None:
        future, results = self.batches.popleft()
        for result, sample in zip(results, future.result(), strict=True):
            result.samples.append(sample)
            self.open[id(result)] -= 1


class _Inline(Executor):
    """Does at once what is submitted, in the calling thread."""

    def submit(self, fn: Callable, /, *args: Any, **kwargs: Any) -> Future:
        future: Future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def _executor(threads: int) -> Executor:
    return ThreadPoolExecutor(threads) if threads else _Inline()


def _paired(images: Iterable[Any], bboxes: Any) -> Iterator[tuple[Any, Any]]:
    if bboxes is None or callable(bboxes):
        for image in images:
            yield image, None if bboxes is None else bboxes('' if isinstance(image, np.ndarray) else str(image))
        return
    lists = iter(bboxes)
    ended = object()
    for image in images:
        boxes = next(lists, ended)
        if boxes is ended:
            raise InputError('there are more pictures than lists of boxes; give one list a picture, empty for none')
        yield image, boxes
    if next(lists, ended) is not ended:
        raise InputError('there are more lists of boxes than pictures; give one list a picture')
