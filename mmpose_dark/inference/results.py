"""What comes out for one image."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..drawing.poses import draw_poses
from ..structures.poses import Poses
from ..utils.errors import StateError

if TYPE_CHECKING:
    from torch import Tensor

    from ..structures import PoseDataSample

__all__ = ['NOT_FINITE', 'ImageResult']

NOT_FINITE = 'the network gives values that are not finite: are those of the checkpoint, and is --amp too much?'
"""Error of a result whose poses are not finite numbers."""


@dataclass(eq=False)
class ImageResult:
    """What was found in one image, or in one frame of a video.

    Attributes:
        path: of the image; '' for an array.
        poses: of the people, in the boxes' order; nobody where there is an error.
        image: (H, W, 3) uint8 BGR; None if it cannot be read.
        error: why there are no poses: the image cannot be read, or a box not used; None if all is well.
        crops: samples of the pipeline, one a person: which part of the image the network saw.
        heatmaps: N times (K, h, w), with the model's ``test_cfg.output_heatmaps``; otherwise empty.
        detections: (M, 5) of the detector, before boxes were chosen: left, top, right, bottom, score; None where it
            did not look at this image.
        index: number of the image or frame in its source, from 0.
        time: seconds since the source's first frame; None for images.
        source: what the frame is of, see `SourceInfo.name`; '' for images that were handed over.

    >>> ImageResult('a.jpg', Poses([[[1, 2]]], [[0.5]], [[0, 0, 4, 4]]))
    ImageResult(path='a.jpg', poses=Poses(1 person, 1 keypoints, scores 0.50), error=None)
    """

    path: str
    poses: Poses = field(default_factory=Poses.empty)
    image: np.ndarray | None = field(default=None, repr=False)
    error: str | None = None
    crops: 'Sequence[PoseDataSample]' = field(default=(), repr=False)
    heatmaps: 'Sequence[Tensor]' = field(default=(), repr=False)
    detections: np.ndarray | None = field(default=None, repr=False)
    index: int = field(default=0, repr=False)
    time: float | None = field(default=None, repr=False)
    source: str = field(default='', repr=False)

    @cached_property
    def samples(self) -> 'list[PoseDataSample]':
        """The people as mmpose's samples, one each, made of `poses` when first asked for; see `inference_topdown`."""
        crops = self.crops or [None] * len(self.poses)
        heatmaps = self.heatmaps or [None] * len(self.poses)
        return [_sample(*parts) for parts in zip(self.poses, crops, heatmaps, strict=True)]

    def of_people(self, index: slice | Sequence[int] | np.ndarray) -> 'ImageResult':
        """Return the result with some of its people only.

        Args:
            index: as that of `Poses`: numbers, a slice or a mask (N,).

        >>> result = ImageResult('', Poses([[[4, 4]], [[5, 5]]], [[0.5], [0.1]], [[0, 0, 9, 9]] * 2))
        >>> result.of_people(result.poses.scores > 0.3).poses
        Poses(1 person, 1 keypoints, scores 0.50)
        """
        poses = self.poses[index]
        places = np.arange(len(self.poses))[index]
        crops, heatmaps = ([parts[i] for i in places] if parts else parts for parts in (self.crops, self.heatmaps))
        return replace(self, poses=poses, crops=crops, heatmaps=heatmaps)

    def draw(self, *, kpt_thr: float = 0.3, draw_bbox: bool = False) -> np.ndarray:
        """Draw the people on the image, with the colours and the skeleton of their keypoints' definition.

        Args:
            kpt_thr: a keypoint is drawn when its score is above this.
            draw_bbox: draw the boxes too.

        Returns:
            (H, W, 3) uint8 BGR, a new image.

        Raises:
            StateError: the image could not be read.

        >>> result = ImageResult('', Poses([[[4, 4]]], [[0.5]], [[0, 0, 9, 9]]), np.zeros((9, 9, 3), np.uint8))
        >>> result.draw().shape, bool(result.draw()[4, 4].any())
        ((9, 9, 3), True)
        """
        if self.image is None:
            raise StateError(f'image {self.path!r} cannot be drawn on: {self.error or "the result has none"}')
        drawn = draw_poses(self.image[..., ::-1], self.poses, kpt_thr=kpt_thr, draw_bbox=draw_bbox)
        return np.ascontiguousarray(drawn[..., ::-1])


def _sample(person: Poses, crop: 'PoseDataSample | None', heatmaps: 'Tensor | None') -> 'PoseDataSample':
    """Pack one person as mmpose's models do: the pipeline's sample with predictions in it."""
    if crop is None:
        return person.to_data_sample()
    sample = person.to_data_sample(crop.metainfo)
    if 'gt_instances' in crop:
        sample.gt_instances = crop.gt_instances
    if heatmaps is not None:
        from mmengine.structures import PixelData

        sample.pred_fields = PixelData(heatmaps=heatmaps)
    return sample
