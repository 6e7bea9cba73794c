"""From a file and boxes to the crops that the network reads: the config's own test pipeline, in two steps."""

import copy
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..config.tree import image_pipeline
from ..datasets.compose import Compose
from ..datasets.pose_dataset import SHARED_METAINFO
from ..datasets.transforms.load_image import LoadImage
from .image_types import as_image
from .sources import Image

if TYPE_CHECKING:
    from mmengine.config import Config
    from torch import Tensor

    from ..structures import PoseDataSample

__all__ = ['Crop', 'CropStage', 'ReadStage', 'build_test_pipeline', 'path_of']


class Crop(NamedTuple):
    """What the network sees of one person.

    Attributes:
        inputs: (3, h, w) uint8.
        sample: of the pipeline, with the metainfo ``input_size`` (w, h), ``input_center`` and ``input_scale``.
    """

    inputs: 'Tensor'
    sample: 'PoseDataSample'


def path_of(image: Image) -> str:
    """Return the path of an image file; '' for pixels, such as an array (H, W, 3).

    >>> path_of('a/b.jpg'), path_of(np.zeros((4, 4, 3)))
    ('a/b.jpg', '')
    """
    return os.fsdecode(image) if isinstance(image, str | os.PathLike) else ''


def build_test_pipeline(cfg: 'Config | Mapping[str, object]') -> Compose:
    """Build the pipeline that the config tests with.

    Raises:
        ConfigError: there is none.
    """
    from mmengine.registry import DefaultScope

    with DefaultScope.overwrite_default_scope('mmpose_dark'):
        return Compose(image_pipeline(cfg))


class ReadStage:
    """Reads images as a pipeline does (EXIF orientation, file backend).

    Args:
        pipeline: of `build_test_pipeline`.
    """

    def __init__(self, pipeline: Compose) -> None:
        first = pipeline.transforms[0] if pipeline.transforms else None
        self.loader = first if isinstance(first, LoadImage) else LoadImage()

    def __call__(self, image: Image) -> np.ndarray:
        """Return a file, an array (H, W, 3), a PIL image or a tensor, see `as_image`, as (H, W, 3) uint8 BGR.

        Raises:
            ImageReadError: it cannot be read.
            ImageTypeError: it is no image.

        >>> ReadStage(Compose([]))(np.full((2, 3), 7, np.uint8)).shape
        (2, 3, 3)
        """
        found = as_image(image)
        given = dict(img_path=found) if isinstance(found, str) else dict(img=found, img_path='')
        # A copy, because a loader remembers its last file and several threads read.
        return copy.copy(self.loader)(given)['img']


class CropStage:
    """Cuts people out of an image as a pipeline does.

    Args:
        pipeline: of `build_test_pipeline`.
        keypoint_set: definition of the keypoints, of which samples refer to parts.
    """

    def __init__(self, pipeline: Compose, keypoint_set: Mapping[str, object] | None) -> None:
        self.pipeline = pipeline
        known = keypoint_set or {}
        self.shared = {key: known[key] for key in SHARED_METAINFO if key in known}

    def __call__(self, image: np.ndarray, path: str, boxes: np.ndarray, box_scores: np.ndarray) -> Iterator[Crop]:
        """Yield one crop a box, each made when it is asked for.

        Args:
            image: (H, W, 3) uint8 BGR; not modified.
            path: of the image, for the samples.
            boxes: (N, 4) left, top, right, bottom in image pixels.
            box_scores: (N,).
        """
        common = dict(img=image, img_path=path, img_id=0, **self.shared)
        for i in range(len(boxes)):
            person = dict(bbox=boxes[i : i + 1], bbox_score=box_scores[i : i + 1], id=i)
            results = self.pipeline({**common, **person})
            yield Crop(results['inputs'], results['data_samples'])
