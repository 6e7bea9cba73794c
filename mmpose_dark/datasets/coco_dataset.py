"""COCO keypoints."""

from typing import ClassVar

from ..registry import DATASETS
from .base_coco_style_dataset import BaseCocoStyleDataset

__all__ = ['CocoDataset']


@DATASETS.register_module()
class CocoDataset(BaseCocoStyleDataset):
    """COCO 2017 keypoints (17), and any other COCO-style set with ``metainfo`` of its own.

    See :class:`BaseCocoStyleDataset` for the arguments.
    """

    METAINFO: ClassVar[dict] = dict(from_file='coco')
    LAYOUT = """
    data/coco/                                   (data_root; https://cocodataset.org/#download)
      annotations/person_keypoints_train2017.json
      annotations/person_keypoints_val2017.json
      person_detection_results/COCO_val2017_detections_AP_H_56_person.json
      train2017/000000000009.jpg ...
      val2017/000000000139.jpg ..."""
