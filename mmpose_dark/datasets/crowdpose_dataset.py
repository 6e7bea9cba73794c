"""CrowdPose."""

from typing import ClassVar

from ..registry import DATASETS
from .base_coco_style_dataset import BaseCocoStyleDataset

__all__ = ['CrowdPoseDataset']


@DATASETS.register_module()
class CrowdPoseDataset(BaseCocoStyleDataset):
    """CrowdPose (14 keypoints); samples have the ``crowd_index`` of their image.

    It annotates no area. See :class:`BaseCocoStyleDataset` for the arguments.
    """

    METAINFO: ClassVar[dict] = dict(from_file='crowdpose')
    LAYOUT = """
    data/crowdpose/                              (data_root; https://github.com/Jeff-sjtu/CrowdPose)
      annotations/mmpose_crowdpose_trainval.json
      annotations/mmpose_crowdpose_test.json     (https://download.openmmlab.com/mmpose/datasets/crowdpose_annotations.tar)
      annotations/det_for_crowd_test_0.1_0.5.json
      images/100000.jpg ..."""
