"""Annotated people of an OKS evaluation, as arrays."""

import os
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from ...annotations import CocoContent, normal_coco, read_json, require_box, without_garbage_collection
from .arrays import index_of
from .coco_columns import box_column, id_column, keypoint_column

__all__ = ['CocoApi', 'OksGroundTruth']


class CocoApi(Protocol):
    """An object of pycocotools' or xtcocotools' class ``COCO``."""

    dataset: dict


@dataclass(frozen=True)
class OksGroundTruth:
    """Annotated people of a dataset.

    Attributes:
        img_ids: (I,) sorted ids of all images, also those without people.
        category_ids: (C,) sorted category ids.
        ids: (G,) annotation ids.
        image: (G,) index into ``img_ids``.
        category: (G,) index into ``category_ids``.
        keypoints: (G, K, 3) x, y in pixels and label v (0 not labelled, 1 hidden, 2 visible).
        bbox: (G, 4) left, top, width, height in pixels.
        area: (G,) square pixels; NaN where the annotation has none.
        iscrowd: (G,) boolean.
        num_keypoints: (G,) as annotated; -1 where the annotation does not say.
        crowd_index: (I,) CrowdPose's crowd index, NaN where the image has none.
        source: where it was read from, for messages.
        img_sizes: (I, 2) width and height in pixels, NaN where the file does not say; None where nobody looked.
    """

    img_ids: np.ndarray
    category_ids: np.ndarray
    ids: np.ndarray
    image: np.ndarray
    category: np.ndarray
    keypoints: np.ndarray
    bbox: np.ndarray
    area: np.ndarray
    iscrowd: np.ndarray
    num_keypoints: np.ndarray
    crowd_index: np.ndarray
    source: str
    img_sizes: np.ndarray | None = None

    @classmethod
    def read(
        cls, source: 'str | os.PathLike | dict | CocoApi | OksGroundTruth', *, wholebody: bool = False
    ) -> 'OksGroundTruth':
        """Read a COCO-style dataset.

        Args:
            source: path of the JSON file, the loaded dict, a COCO API object, or an ``OksGroundTruth``, which is
                returned as it is.
            wholebody: join body, foot, face and hand keypoints to 133.

        Raises:
            FileNotFoundError: the file is not there.
            ValueError: the file is cut off, has a part missing, or a wrong number of keypoints.

        >>> person = dict(id=1, image_id=7, category_id=1, bbox=[0, 0, 10, 10], area=80, keypoints=[1, 1, 2])
        >>> OksGroundTruth.read(dict(images=[dict(id=7)], annotations=[person])).keypoints.tolist()
        [[[1.0, 1.0, 2.0]]]
        """
        if isinstance(source, cls):
            return source
        with without_garbage_collection():  # until the records, of which there are many, are gone again
            if not isinstance(source, str | os.PathLike):
                name = 'the given annotations'
                return cls._of_content(normal_coco(getattr(source, 'dataset', source), name), name, wholebody)
            name = os.fspath(source)
            return cls._of_content(normal_coco(read_json(name), name), name, wholebody)

    @classmethod
    def _of_content(cls, content: CocoContent, name: str, wholebody: bool) -> 'OksGroundTruth':
        anns = _with_boxes(content.annotations, name)
        img_ids, first = np.unique(id_column([im['id'] for im in content.images]), return_index=True)
        category_ids = np.unique(id_column([category['id'] for category in content.categories]))
        return cls(
            img_ids=img_ids,
            category_ids=category_ids,
            ids=np.array([a['id'] for a in anns]) if anns else np.zeros(0, np.int64),
            image=index_of(img_ids, id_column([a['image_id'] for a in anns])),
            category=index_of(category_ids, id_column([a['category_id'] for a in anns])),
            keypoints=keypoint_column(anns, name, 'annotation', wholebody=wholebody),
            bbox=box_column(anns, name, 'annotation'),
            area=np.array([a.get('area', np.nan) for a in anns], np.float64),
            iscrowd=np.array([a.get('iscrowd', 0) for a in anns], bool),
            num_keypoints=np.array([a.get('num_keypoints', -1) for a in anns], np.int64),
            crowd_index=np.array([content.images[i].get('crowdIndex', np.nan) for i in first], np.float64),
            source=name,
            img_sizes=np.array([_size(content.images[i]) for i in first], np.float64).reshape(-1, 2),
        )

    def with_keypoints(self, keypoints: np.ndarray) -> 'OksGroundTruth':
        """Return the same people with other keypoints (G, K, 3)."""
        return replace(self, keypoints=keypoints)


def _size(image: dict) -> tuple[float, float]:
    width, height = image.get('width'), image.get('height')
    return (np.nan, np.nan) if width is None or height is None else (width, height)


def _with_boxes(annotations: list[dict], name: str) -> list[dict]:
    """Annotations with a box; others are regions or objects of which nothing is labelled (see `annotations.people`)."""
    for ann in annotations:
        require_box(ann, f'{name}: annotation {ann["id"]}')
    return [ann for ann in annotations if 'bbox' in ann]
