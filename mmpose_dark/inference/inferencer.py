"""Keypoints for many images: reading, network and the caller's own work at the same time, in full batches."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..utils.errors import InputError
from .ahead import map_ahead, taken_ahead
from .batcher import in_batches
from .box_lists import Boxes, box_lists
from .boxes import BoxSource, GivenBoxes, WholeImage
from .crops import path_of
from .detectors import BaseDetector
from .frame_steps import FrameSteps, Prepared
from .frames import Frame
from .looking import MOST_BYTES, Given, bytes_of, looked_at, to_look_at
from .network import join_people
from .results import ImageResult
from .smoothing import BaseSmoother
from .sources import BaseSource, Image, images_of, is_one_image
from .stage_times import StageTimes
from .topdown import TopDownSteps
from .tracking import BaseTracker

if TYPE_CHECKING:
    from ..models.pose_estimators import BasePoseEstimator
    from .people_choice import PeopleChoice

__all__ = ['Inferencer']


class Inferencer:
    """Runs a model over images or a video: read, boxes, crops, network, poses, tracks.

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
        detector: says where the people are in images that come without boxes: a `BaseDetector`, which sees several
            images at a time, or a `BoxSource`; by default each of these images is one person.
        choice: which boxes and people are kept, and whether frames between two detections take the boxes from the
            last frame's poses; by default all boxes that can be used, and every frame is looked at.
        tracker: who is who from frame to frame; only for sources whose frames have a time.
        smoother: of the tracked people, from the frames before.

    Attributes:
        times: how long each stage was busy.

    Raises:
        InputError: a batch size below one, a negative number of workers, or a smoother without a tracker.

    Example: ``for result in Inferencer(model)(['a.jpg', 'b.jpg']): print(result.path, result.poses)``
    """

    def __init__(
        self,
        model: 'BasePoseEstimator',
        *,
        batch_size: int | None = None,
        num_workers: int | None = None,
        detector: BoxSource | BaseDetector | None = None,
        choice: 'PeopleChoice | None' = None,
        tracker: BaseTracker | None = None,
        smoother: BaseSmoother | None = None,
    ) -> None:
        self.steps = TopDownSteps(model)
        on_cpu = next(model.parameters()).device.type == 'cpu'
        self.batch_size = (16 if on_cpu else 32) if batch_size is None else batch_size
        self.num_workers = (0 if on_cpu else 2) if num_workers is None else num_workers
        if self.batch_size < 1 or self.num_workers < 0:
            raise InputError(
                f'batch_size must be at least 1 and num_workers at least 0, got {batch_size} and {num_workers}'
            )
        if smoother is not None and tracker is None:
            raise InputError('a smoother follows the people by their track numbers: give a tracker too')
        self.model = model
        self.detector = WholeImage() if detector is None else detector
        self.times = StageTimes()
        self.tracker, self.choice = tracker, choice
        nobody = join_people([], model, boxes=np.zeros((0, 4)), box_scores=np.zeros(0))
        self._frames = FrameSteps(self.steps, nobody, self.times, choice=choice, tracker=tracker, smoother=smoother)

    def __call__(
        self,
        images: 'Image | Iterable[Image] | BaseSource',
        bboxes: Callable[[str], Boxes] | Iterable[Boxes] | None = None,
        bbox_format: str = 'xyxy',
    ) -> Iterator[ImageResult]:
        """Yield one result an image or frame, in order, as soon as it is complete.

        Args:
            images: files, arrays (H, W, 3) BGR uint8, PIL images or tensors, see `as_image`, which may come from a
                generator without end; or one image, a folder or a glob; or a source, such as a video.
            bboxes: boxes of each image, in the images' order, or a function from an image's
                path to its boxes; for one image, its boxes (N, 4); None (also for one image) asks the detector.
            bbox_format: ``'xyxy'`` or ``'xywh'``.

        Raises:
            InputError: another number of box lists than images, or another ``bbox_format``; images without a time
                for a tracker.
            InputTypeError: ``images`` or ``bboxes`` are none.
            MissingFileError: a folder or a glob without images.
        """
        given = partial(GivenBoxes, bbox_format=bbox_format)
        given([])  # refuses an unknown format
        if isinstance(images, BaseSource):
            frames, one = self._of_source(images), False
            live = images.info.kind == 'stream'
        else:
            frames, one, live = _of_images(images_of(images)), is_one_image(images), False
        items = _with_boxes(frames, box_lists(bboxes, one_image=one), given, self.detector)
        self._frames.begin()
        if self.choice is not None and self.choice.follows:
            return self._one_by_one(items)
        return self._in_batches(items, live=live)

    def _of_source(self, source: BaseSource) -> Iterator[tuple[Frame, Image | None]]:
        frames = self._timed(source)
        if source.info.kind == 'video':  # decoding leaves cores free that the network has use for
            frames = taken_ahead(frames)
        with closing(frames):
            for frame in frames:
                yield frame, (frame.path if frame.image is None else frame.image)

    def _timed(self, source: BaseSource) -> Iterator[Frame]:
        frames = iter(source)
        while True:
            with self.times.measure('read'):
                frame = next(frames, None)
            if frame is None:
                return
            yield frame

    def _in_batches(self, items: Iterator[Given], *, live: bool) -> Iterator[ImageResult]:
        with (
            closing(self._prepared(items, waiting=0 if live else None)) as prepared,
            closing(
                in_batches(
                    ((step, step.crops if isinstance(step, Prepared) else []) for step in prepared),
                    self._frames.find,
                    batch_size=self.batch_size,
                    threads=min(self.num_workers, 1),
                    size_of=bytes_of,
                    most=MOST_BYTES,
                    waiting=0 if live else None,
                )
            ) as complete,
        ):
            for step, found in complete:
                yield self._frames.finish(step, found)

    def _prepared(self, items: Iterator[Given], *, waiting: int | None) -> Iterator[Prepared | ImageResult]:
        """Read the images, look for people, and cut these out."""
        if not isinstance(self.detector, BaseDetector):
            read_and_cut = lambda item: self._frames.prepare((self._frames.read(item), []))  # noqa: E731
            with closing(map_ahead(read_and_cut, items, threads=self.num_workers)) as prepared:
                yield from prepared
            return
        with (
            closing(looked_at(items, self._frames, self.detector, threads=self.num_workers, waiting=waiting)) as looked,
            closing(map_ahead(self._frames.prepare, looked, threads=self.num_workers)) as prepared,
        ):
            yield from prepared

    def _one_by_one(self, items: Iterator[Given]) -> Iterator[ImageResult]:
        """Finish each frame before the next one, whose boxes its poses give."""
        for item in items:
            step = self._frames.read(item)
            looks = self.choice.looks_at(item.frame)
            seen = to_look_at(step) if looks else []
            found = self._frames.detect(self.detector, seen) if seen else []
            prepared = self._frames.prepare((step, found), follow=not looks)
            people = []
            if isinstance(prepared, Prepared):
                crops = list(prepared.crops)
                for start in range(0, len(crops), self.batch_size):
                    people += self._frames.find(crops[start : start + self.batch_size])
            yield self._frames.finish(prepared, people)


def _of_images(images: Iterable[Image]) -> Iterator[tuple[Frame, Image]]:
    for index, image in enumerate(images):
        yield Frame(index, path=path_of(image)), image


def _with_boxes(
    frames: Iterator[tuple[Frame, Image | None]],
    bboxes: Callable[[str], Boxes] | Iterable[Boxes] | None,
    given: Callable[[Boxes], BoxSource],
    default: BoxSource | BaseDetector,
) -> Iterator[Given]:
    """Yield each image with what gives its boxes."""
    if bboxes is None:
        for frame, image in frames:
            yield Given(frame, image, default)
        return
    lists, ended = None if callable(bboxes) else iter(bboxes), object()
    for frame, image in frames:
        boxes = bboxes(frame.path) if lists is None else next(lists, ended)
        if boxes is ended:
            raise InputError('there are more images than lists of boxes; give one list an image, empty for none')
        yield Given(frame, image, default if boxes is None else given(boxes))
    if lists is not None and next(lists, ended) is not ended:
        raise InputError('there are more lists of boxes than images; give one list an image')
