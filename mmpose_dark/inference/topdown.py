"""From one image to its people: read, boxes, crops, network, poses. `Inferencer` takes the same steps for many."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .boxes import BoxSource, GivenBoxes, WholeImage, check_boxes
from .crops import Crop, CropStage, ReadStage, build_test_pipeline, path_of
from .network import PersonKeypoints, find_keypoints, join_people
from .results import ImageResult
from .sources import Image

if TYPE_CHECKING:
    from torch import Tensor

    from ..models.pose_estimators import BasePoseEstimator
    from ..structures import PoseDataSample

__all__ = ['PreparedImage', 'TopDownSteps', 'inference_topdown']


class PreparedImage(NamedTuple):
    """An image before the network.

    Attributes:
        path: of the image; '' for an array.
        image: (H, W, 3) uint8 BGR.
        boxes: (N, 4) left, top, right, bottom in image pixels.
        box_scores: (N,).
        crops: N crops.
    """

    path: str
    image: np.ndarray
    boxes: np.ndarray
    box_scores: np.ndarray
    crops: list[Crop]


class TopDownSteps:
    """The steps before and after the network, for the images of one model.

    Args:
        model: of `init_model`.

    Attributes:
        read: from a file or an array to (H, W, 3) uint8 BGR.
        cut: from an image and boxes to crops.
    """

    def __init__(self, model: 'BasePoseEstimator') -> None:
        self.model = model
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
        return PreparedImage(path, image, boxes, scores, self.cut(image, path, boxes, scores))

    def finish(self, prepared: PreparedImage, people: list[PersonKeypoints]) -> ImageResult:
        """Put together what the network found of the people of an image."""
        poses = join_people(people, self.model, boxes=prepared.boxes, box_scores=prepared.box_scores)
        heatmaps = [person.heatmaps for person in people if person.heatmaps is not None]
        crops = [crop.sample for crop in prepared.crops]
        return ImageResult(prepared.path, poses, prepared.image, crops=crops, heatmaps=heatmaps)


def inference_topdown(
    model: 'BasePoseEstimator',
    img: Image,
    bboxes: 'np.typing.ArrayLike | Tensor | None' = None,
    bbox_format: str = 'xyxy',
) -> 'list[PoseDataSample]':
    """Find the keypoints of the people in an image, all in one batch.

    Args:
        model: of `init_model`.
        img: a file, or (H, W, 3) BGR uint8 (grey, BGRA and 16 bits are converted); not modified.
        bboxes: (N, 4) pixels, one a person, or (N, 5) with the score last; None takes the whole image.
        bbox_format: ``'xyxy'`` or ``'xywh'``.

    Returns:
        N samples in the boxes' order, with ``pred_instances``: ``keypoints`` (1, K, 2) in pixels of
        the image, ``keypoint_scores`` (1, K), ``bboxes`` (1, 4) xyxy, ``bbox_scores`` (1,). An
        empty list of boxes gives an empty list (mmpose 1.x takes the whole image then).

    Raises:
        BoxError: a box that is not finite, has no area, or lies outside the image.
        ImageReadError: the image cannot be read.
    """
    steps = TopDownSteps(model)
    source = WholeImage() if bboxes is None else GivenBoxes(bboxes, bbox_format)
    prepared = steps.prepare(steps.read(img), path_of(img), source)
    return steps.finish(prepared, find_keypoints(model, prepared.crops)).samples
