"""Keypoints for many pictures: reading ahead in threads, people of several pictures in a batch."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..datasets.errors import ImageReadError
from ..structures import PoseDataSample
from .boxes import BoxError
from .inference import build_test_pipeline, load_image, make_crops, predict_crops

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
    does not end the run.

    Args:
        model: of `init_model`.
        batch_size: people a batch, of one or several pictures.
        num_workers: threads that read and crop pictures while the network computes.

    Raises:
        ValueError: a number below one.

    Example: ``for result in Inferencer(model)(['a.jpg', 'b.jpg']): print(result.path, len(result.samples))``
    """

    def __init__(self, model: torch.nn.Module, *, batch_size: int = 32, num_workers: int = 2) -> None:
        if batch_size < 1 or num_workers < 1:
            raise ValueError(f'batch_size and num_workers must be at least 1, got {batch_size} and {num_workers}')
        self.model, self.batch_size, self.num_workers = model, batch_size, num_workers
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
        waiting: deque[tuple[ImageResult, list[dict]]] = deque()
        for result, crops in self._read_ahead(_paired(images, bboxes), bbox_format):
            waiting.append((result, crops))
            while sum(len(c) for _, c in waiting) >= self.batch_size:
                self._run_batch(waiting)
                yield from _complete(waiting)
            yield from _complete(waiting)
        while waiting:
            self._run_batch(waiting)
            yield from _complete(waiting)

    def _read_ahead(self, pairs: Iterator[tuple[Any, Any]], bbox_format: str) -> Iterator[tuple[ImageResult, list]]:
        with ThreadPoolExecutor(self.num_workers) as pool:
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

    def _run_batch(self, waiting: deque[tuple[ImageResult, list[dict]]]) -> None:
        """Run the first ``batch_size`` crops and give the samples to their pictures."""
        taken: list[tuple[ImageResult, dict]] = []
        for result, crops in waiting:
            count = min(len(crops), self.batch_size - len(taken))
            taken += [(result, crop) for crop in crops[:count]]
            del crops[:count]
            if len(taken) == self.batch_size:
                break
        for (result, _), sample in zip(taken, predict_crops(self.model, [c for _, c in taken]), strict=True):
            result.samples.append(sample)


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
            raise ValueError('there are more pictures than lists of boxes; give one list a picture, empty for none')
        yield image, boxes
    if next(lists, ended) is not ended:
        raise ValueError('there are more lists of boxes than pictures; give one list a picture')


def _complete(waiting: deque[tuple[ImageResult, list[dict]]]) -> Iterator[ImageResult]:
    while waiting and not waiting[0][1]:
        yield waiting.popleft()[0]
