"""The detector of a bulk run, in workers of its own: the boxes of the people in the images of a shard."""

from collections.abc import Sequence

from ...structures.poses import Poses
from ..crops import ReadStage
from ..detectors import BaseDetector
from ..frames import Frame
from ..looking import Given, LookSteps, looked_at
from ..people_choice import PeopleChoice
from ..results import ImageResult
from ..stage_times import StageTimes
from .items import Item
from .opening import opened

__all__ = ['Looked', 'find_boxes']

Looked = tuple[list[list[float]], str]  # boxes (N, 5) xyxy and score in image pixels, and why there are none, or ''


def find_boxes(
    items: Sequence[Item], read: ReadStage, detector: BaseDetector, choice: PeopleChoice, *, threads: int = 0
) -> list[Looked]:
    """Return the boxes that the network is to see for each image, or why there are none.

    Args:
        items: images of a shard.
        read: as the network's config does.
        detector: sees full batches.
        choice: which boxes are kept.
        threads: that read.

    Raises:
        OutputError: the folder for temporary files is full.
    """
    steps = LookSteps(read, Poses.empty(), StageTimes())
    with opened(items) as files:
        found: list[Looked] = [([], error) for _, error in files]
        good = [i for i, (_, error) in enumerate(files) if not error]
        given = (Given(Frame(i, path=files[i][0]), files[i][0], detector) for i in good)
        for step, boxes in looked_at(given, steps, detector, threads=threads):
            if isinstance(step, ImageResult):
                path = files[step.index][0]
                found[step.index] = ([], step.error.replace(path, items[step.index].name))
                continue
            chosen = choice.boxes(boxes[0], image_hw=step.image.shape[:2], last=None)
            found[step.frame.index] = (chosen.tolist(), '')
    return found
