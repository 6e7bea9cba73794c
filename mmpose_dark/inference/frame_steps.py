"""The steps of one image or frame through the inferencer, each with its time and its errors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..structures.poses import Poses
from ..utils.errors import InputError
from .boxes import BoxError, GivenBoxes, check_boxes
from .crops import Crop
from .frames import Frame
from .looking import LookSteps, ReadFrame
from .results import ImageResult
from .smoothing import BaseSmoother
from .stage_times import StageTimes
from .topdown import Found, PreparedImage, TopDownSteps
from .tracking import BaseTracker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .people_choice import PeopleChoice

__all__ = ['FrameSteps', 'Prepared']


class Prepared(NamedTuple):
    """An image whose people are cut out.

    Attributes:
        frame: where and when it was.
        prepared: its image, boxes and crops.
        detections: (M, 5) of the detector, None where it did not look.
    """

    frame: Frame
    prepared: PreparedImage
    detections: np.ndarray | None

    @property
    def image(self) -> np.ndarray:
        """(H, W, 3) uint8 BGR."""
        return self.prepared.image

    @property
    def crops(self) -> 'Iterator[Crop]':
        """Of the people, to be taken once."""
        return self.prepared.crops


class FrameSteps(LookSteps):
    """What `Inferencer` does with each image; which image is next, and in which thread, is the inferencer's matter.

    Args:
        steps: of the model.
        nobody: poses of an image without people.
        times: are added to.
        choice: which boxes and people are kept.
        tracker: gives the people numbers.
        smoother: smooths them.
    """

    def __init__(
        self,
        steps: TopDownSteps,
        nobody: Poses,
        times: StageTimes,
        *,
        choice: 'PeopleChoice | None' = None,
        tracker: BaseTracker | None = None,
        smoother: BaseSmoother | None = None,
    ) -> None:
        super().__init__(steps.read, nobody, times)
        self.steps = steps
        self.choice, self.tracker, self.smoother = choice, tracker, smoother
        self._last: Poses | None = None

    def begin(self) -> None:
        """Forget the frames before: another source comes."""
        self._last = None
        for stage in (self.tracker, self.smoother):
            if stage is not None:
                stage.reset()

    def prepare(
        self, looked_at: tuple[ReadFrame | ImageResult, Sequence[np.ndarray]], *, follow: bool = False
    ) -> Prepared | ImageResult:
        """Choose the boxes of an image, and cut the people out.

        Args:
            looked_at: the image, and what the detector found there: one array (N, 5), or nothing where it did not look.
            follow: take the boxes from the poses of the last frame, unless the image came with boxes.
        """
        step, found = looked_at
        if isinstance(step, ImageResult):
            return step
        detections = found[0] if found else None
        try:
            with self.times.measure('crops'):
                boxes = self._boxes(step, detections, follow=follow)
                prepared = self.steps.prepare(step.image, step.frame.path, GivenBoxes(boxes))
        except BoxError as err:
            return self.result(step.frame, image=step.image, error=str(err))
        return Prepared(step.frame, prepared, detections)

    def find(self, crops: Sequence[Crop]) -> list[Found]:
        """Run the network on one batch of people, of one or several images."""
        with self.times.measure('network'):
            return self.steps.find(crops)

    def finish(self, step: Prepared | ImageResult, found: Sequence[Found]) -> ImageResult:
        """Put the people of a frame together, leave out who is there twice, track and smooth them."""
        if isinstance(step, ImageResult):
            self._follow(step, step.poses)
            return step
        result = self.steps.finish(step.prepared, found)
        frame = step.frame
        result.index, result.time, result.source, result.detections = (
            *(frame.index, frame.time, frame.source),
            step.detections,
        )
        if self.choice is not None:
            kept = self.choice.kept(result.poses)
            if not kept.all():
                result = result.of_people(kept)
        self._follow(result, result.poses)
        return result

    def _boxes(self, step: ReadFrame, detections: np.ndarray | None, *, follow: bool) -> np.ndarray:
        hw = step.image.shape[:2]
        if isinstance(step.boxes, GivenBoxes):
            return step.boxes(step.image, step.frame.path)
        if detections is None and not follow:
            boxes, scores = check_boxes(step.boxes(step.image, step.frame.path), image_hw=hw)
            detections = np.column_stack([boxes, scores])
        if self.choice is None:
            return detections
        return self.choice.boxes(detections, image_hw=hw, last=self._last)

    def _follow(self, result: ImageResult, poses: Poses) -> None:
        """Give the people of the next frame their numbers, and keep them for the frame after."""
        if self.tracker is not None and (result.time is not None or result.error is None):
            if result.time is None:
                raise InputError(
                    'tracking needs the time of each frame, and images have none: give a video, or frames as '
                    'ArraySource(frames, fps=...)'
                )
            with self.times.measure('tracker'):
                image = result.image if self.tracker.needs_images else None
                if not (self.tracker.needs_images and image is None):
                    poses = self.tracker(poses, time=result.time, image=image)
        if self.smoother is not None and poses.track_ids is not None:
            with self.times.measure('smoother'):
                poses = self.smoother(poses, time=result.time)
        result.poses = self._last = poses
