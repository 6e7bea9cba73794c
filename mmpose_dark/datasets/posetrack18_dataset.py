"""PoseTrack18."""

from typing import ClassVar

from ..registry import DATASETS
from .base_coco_style_dataset import BaseCocoStyleDataset

__all__ = ['PoseTrack18Dataset']


@DATASETS.register_module()
class PoseTrack18Dataset(BaseCocoStyleDataset):
    """PoseTrack18 (17 keypoints, ears not annotated), frame by frame.

    ``ann_file`` is the file that joins the sequences; the metric reads the sequences' own files.
    See :class:`BaseCocoStyleDataset` for the arguments.
    """

    METAINFO: ClassVar[dict] = dict(from_file='posetrack18')
    LAYOUT = """
    data/posetrack18/                            (data_root; https://posetrack.net/users/download.php)
      annotations/posetrack18_train.json
      annotations/posetrack18_val.json           (https://download.openmmlab.com/mmpose/datasets/posetrack18_annotations.tar)
      annotations/posetrack18_val_human_detections.json
      annotations/val/000342_mpii_test.json ...
      images/val/000342_mpii_test/000000.jpg ..."""
