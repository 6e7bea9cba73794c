"""The first steps of an image: it is read, and a detector looks at it, at several in one batch."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import NamedTuple

import numpy as np

from ..datasets.errors import ImageReadError
from ..structures.poses import Poses
from .ahead import map_ahead
from .batcher import in_batches
from .boxes import BoxSource
from .detectors import BaseDetector
from .frames import Frame
from .image_types import ImageTypeError
from .results import ImageResult
from .sources import Image
from .stage_times import StageTimes

__all__ = ['MOST_BYTES', 'Given', 'LookSteps', 'ReadFrame', 'bytes_of', 'looked_at', 'to_look_at']

MOST_BYTES = 1 << 29  # of images that wait for a full batch


class Given(NamedTuple):
    """An image or frame that is to be read, and what gives its boxes.

    Attributes:
        frame: where and when it was.
        image: a file or pixels, see `as_image`; None where the frame has an error.
        boxes: the detector, or the boxes that were given.
    """

    frame: Frame
    image: Image | None
    boxes: BoxSource | BaseDetector


class ReadFrame(NamedTuple):
    """An image that was read.

    Attributes:
        frame: where and when it was.
        image: (H, W, 3) uint8 BGR.
        boxes: what gives its boxes.
    """

    frame: Frame
    image: np.ndarray
    boxes: BoxSource | BaseDetector


class LookSteps:
    """Reads images, and shows them to a detector.

    Args:
        read_image: from a file or an array to (H, W, 3) uint8 BGR, see `ReadStage`.
        nobody: poses of an image without people.
        times: are added to.
    """

    def __init__(self, read_image: Callable[[Image], np.ndarray], nobody: Poses, times: StageTimes) -> None:
        self.read_image, self.nobody, self.times = read_image, nobody, times

    def read(self, given: Given) -> ReadFrame | ImageResult:
        """Read an image; one that cannot be read goes no further than a result."""
        frame = given.frame
        if frame.error is not None:
            return self.result(frame, error=frame.error)
        with self.times.measure('read'):
            try:
                return ReadFrame(frame, self.read_image(given.image), given.boxes)
            except ImageReadError as err:
                return self.result(frame, error=err.reason)
            except ImageTypeError as err:
                return self.result(frame, error=str(err))

    def detect(self, detector: BaseDetector, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the detector's boxes (N, 5) for each image (H, W, 3)."""
        with self.times.measure('detector'):
            return detector(images)

    def result(self, frame: Frame, image: np.ndarray | None = None, error: str | None = None) -> ImageResult:
        """Return what comes out for a frame without people."""
        return ImageResult(
            frame.path, self.nobody, image, error, index=frame.index, time=frame.time, source=frame.source
        )


def looked_at(
    items: Iterator[Given], steps: LookSteps, detector: BaseDetector, *, threads: int, waiting: int | None = None
) -> Iterator[tuple[ReadFrame | ImageResult, list[np.ndarray]]]:
    """Read images, and yield each, in order, with what the detector found there.

    Args:
        items: to read; those that come with boxes are not looked at.
        steps: how.
        detector: sees full batches of its ``batch_size`` images.
        threads: that read; with any, one more runs the detector. 0 does one after the other.
        waiting: see `in_batches`.

    Yields:
        The image, or the result of one that cannot be read; and one array of boxes (N, 5), or none where the detector
        did not look.
    """
    with (
        closing(map_ahead(steps.read, items, threads=threads)) as images,
        closing(
            in_batches(
                ((step, to_look_at(step)) for step in images),
                partial(steps.detect, detector),
                batch_size=detector.batch_size,
                threads=min(threads, 1),
                size_of=bytes_of,
                most=MOST_BYTES,
                waiting=waiting,
            )
        ) as looked,
    ):
        yield from looked


def to_look_at(step: ReadFrame | ImageResult) -> list[np.ndarray]:
    """Return the image (H, W, 3) that the detector is to see, if it is."""
    looks = isinstance(step, ReadFrame) and isinstance(step.boxes, BaseDetector)
    return [step.image] if looks else []


def bytes_of(step: object) -> int:
    """Return how large the image of a step is; 0 for none.

    >>> bytes_of(ImageResult('a.jpg'))
    0
    """
    image = getattr(step, 'image', None)
    return 0 if image is None else image.nbytes
