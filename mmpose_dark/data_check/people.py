"""The people of an annotation file as arrays."""

import dataclasses
from collections.abc import Hashable, Mapping

import numpy as np

from .image_files import ImageFile

__all__ = ['ImageRecord', 'People']


@dataclasses.dataclass(frozen=True)
class ImageRecord:
    """What an annotation file says about an image.

    Attributes:
        name: of the file.
        path: name with the folder.
        width: in pixels; NaN or None where it is not said.
        height: the same.
        crowd_index: of CrowdPose, None where there is none.
    """

    name: str
    path: str
    width: float | None
    height: float | None
    crowd_index: float | None = None


@dataclasses.dataclass
class People:
    """Annotated people; N of them with K keypoints.

    Attributes:
        file: where they are from.
        images: the images by id.
        ids: (N,) of the annotations.
        image_ids: (N,) id of the image.
        categories: (N,) category id, None where there is none.
        bbox: (N, 4) left, top, width, height in pixels; NaN where there is no box of four finite numbers.
        keypoints: (N, K, 3) x, y in pixels and visibility; NaN where there are not K finite triplets.
        area: (N,) square pixels; NaN where there is none.
        iscrowd: (N,) boolean.
        num_keypoints: (N,) as annotated; -1 where there is none.
        size_wh: (N, 2) width and height of the image in pixels; NaN where unknown.
        boxes_made: whether the boxes are not annotated but made of centre and scale (MPII).
    """

    file: str
    images: dict[Hashable, ImageRecord]
    ids: list
    image_ids: list
    categories: list
    bbox: np.ndarray
    keypoints: np.ndarray
    area: np.ndarray
    iscrowd: np.ndarray
    num_keypoints: np.ndarray
    size_wh: np.ndarray
    boxes_made: bool = False

    def __len__(self) -> int:
        return len(self.ids)

    def label(self, i: int) -> str:
        """Name a record for a message, such as ``annotation 7 (image 3, a.jpg)``."""
        image = self.images.get(self.image_ids[i])
        name = f', {image.name}' if image else ''
        return f'annotation {self.ids[i]} (image {self.image_ids[i]}{name})'

    def learn_sizes(self, image_files: Mapping[str, ImageFile], *, ignore_orientation: bool = False) -> None:
        """Take the sizes of images that were read where the file does not say them (MPII)."""
        for i, image_id in enumerate(self.image_ids):
            record = self.images.get(image_id)
            image_file = image_files.get(record.path) if record else None
            if image_file and image_file.size_wh and np.isnan(self.size_wh[i]).any():
                self.size_wh[i] = image_file.stored_wh if ignore_orientation else image_file.size_wh

    @property
    def labelled(self) -> np.ndarray:
        """(N, K) whether a keypoint is labelled."""
        return np.nan_to_num(self.keypoints[..., 2]) > 0

    @property
    def valid(self) -> np.ndarray:
        """(N,) people to learn from or to find: no crowd region, a labelled keypoint, a box with an area."""
        return ~self.iscrowd & self.labelled.any(1) & (np.nan_to_num(self.bbox[:, 2:]) > 0).all(1)
