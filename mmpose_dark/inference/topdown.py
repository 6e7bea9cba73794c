"""From one image to its people: read, boxes, crops, network, poses. `Inferencer` takes the same steps for many."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from torch import nn

from ..utils.errors import InputTypeError
from .boxes import BoxSource, GivenBoxes, WholeImage, check_boxes
from .crops import Crop, CropStage, ReadStage, build_test_pipeline, path_of
from .network import PersonKeypoints, find_keypoints, join_people
from .results import ImageResult
from .sources import Image

if TYPE_CHECKING:
    from torch import Tensor

    from ..models.pose_estimators import BasePoseEstimator
    from ..structures import PoseDataSample

__all__ = ['Found', 'PreparedImage', 'TopDownSteps', 'inference_topdown']

_LARGEST_BATCH = 64
_CUT_AT_ONCE = 64  # in a worker's thread; more crops of one image are not kept


class PreparedImage(NamedTuple):
    """An image before the network.

    Attributes:
        path: of the image; '' for an array.
        image: (H, W, 3) uint8 BGR.
        boxes: (N, 4) left, top, right, bottom in image pixels.
        box_scores: (N,).
        crops: N crops, to be taken once: those of the first few boxes are there, the others are cut when asked for.
    """

    path: str
    image: np.ndarray
    boxes: np.ndarray
    box_scores: np.ndarray
    crops: Iterator[Crop]


class Found(NamedTuple):
    """A person that the network has seen, and what it found.

    Attributes:
        sample: of the crop: which part of the image the network saw.
        person: keypoints and scores.
    """

    sample: 'PoseDataSample'
    person: PersonKeypoints


class TopDownSteps:
    """The steps before and after the network, for the images of one model.

    Args:
        model: of `init_model`.

    Attributes:
        read: from a file or an array to (H, W, 3) uint8 BGR.
        cut: from an image and boxes to crops.
    """

    def __init__(self, model: 'BasePoseEstimator') -> None:
        self.model = _checked(model)
        pipeline = build_test_pipeline(model.cfg)
        self.read = ReadStage(pipeline)
        self.cut = CropStage(pipeline, model.dataset_meta)

    def prepare(self, image: np.ndarray, path: str, box_source: BoxSource) -> PreparedImage:
        """Ask for the boxes of an image, and cut the people out.

        Args:
            image: (H, W, 3) BGR uint8, of ``read``; not modified.
            path: of the image.
            box_source: gives the boxes.

        Raises:
            BoxError: a box that cannot be used.
        """
        boxes, scores = check_boxes(box_source(image, path), image_hw=image.shape[:2])
        crops = self.cut(image, path, boxes, scores)
        return PreparedImage(path, image, boxes, scores, chain(list(islice(crops, _CUT_AT_ONCE)), crops))

    def find(self, crops: Sequence[Crop]) -> list[Found]:
        """Run the network on one batch of crops, of one or several images."""
        people = find_keypoints(self.model, crops)
        return [Found(crop.sample, person) for crop, person in zip(crops, people, strict=True)]

    def finish(self, prepared: PreparedImage, found: Sequence[Found]) -> ImageResult:
        """Put together what the network found of the people of an image."""
        people = [one.person for one in found]
        poses = join_people(people, self.model, boxes=prepared.boxes, box_scores=prepared.box_scores)
        heatmaps = [person.heatmaps for person in people if person.heatmaps is not None]
        crops = [one.sample for one in found]
        return ImageResult(prepared.path, poses, prepared.image, crops=crops, heatmaps=heatmaps)


def _checked(model: object) -> 'BasePoseEstimator':
    if not isinstance(model, nn.Module):
        raise InputTypeError(f'model must be a network, of init_model(config, checkpoint), got {type(model).__name__}')
    if getattr(model, 'cfg', None) is None:
        raise InputTypeError(
            f'this {type(model).__name__} has no cfg, which says how images are prepared: make it by init_model'
        )
    return model


def inference_topdown(
    model: 'BasePoseEstimator',
    img: Image,
    bboxes: 'np.typing.ArrayLike | Tensor | None' = None,
    bbox_format: str = 'xyxy',
) -> 'list[PoseDataSample]':
    """Find the keypoints of the people in an image, in one batch (of more than 64 people, in several).

    Args:
        model: of `init_model`.
        img: a file, (H, W, 3) BGR uint8 (grey, BGRA and 16 bits are converted), a PIL image or a tensor, see
            `as_image`; not modified.
        bboxes: (N, 4) pixels, one a person, or (N, 5) with the score last; None takes the whole image.
        bbox_format: ``'xyxy'`` or ``'xywh'``.

    Returns:
        N samples in the boxes' order, with ``pred_instances``: ``keypoints`` (1, K, 2) in pixels of
        the image, ``keypoint_scores`` (1, K), ``bboxes`` (1, 4) xyxy, ``bbox_scores`` (1,). An
        empty list of boxes gives an empty list (mmpose 1.x takes the whole image then).

    Raises:
        BoxError: a box that is not finite, has no area, or lies outside the image.
        ImageReadError: the image cannot be read.
        InputTypeError: ``img`` is no image, or ``model`` no model of `init_model`.
    """
    steps = TopDownSteps(model)
    source = WholeImage() if bboxes is None else GivenBoxes(bboxes, bbox_format)
    prepared = steps.prepare(steps.read(img), path_of(img), source)
    found: list[Found] = []
    while crops := list(islice(prepared.crops, _LARGEST_BATCH)):
        found += steps.find(crops)
    return steps.finish(prepared, found).samples
