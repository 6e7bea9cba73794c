"""AI Challenger keypoints."""

from typing import ClassVar

from ..registry import DATASETS
from .base_coco_style_dataset import BaseCocoStyleDataset

__all__ = ['AicDataset']


@DATASETS.register_module()
class AicDataset(BaseCocoStyleDataset):
    """AI Challenger 2017 (14 keypoints), as COCO-style JSON; it annotates no area.

    See :class:`BaseCocoStyleDataset` for the arguments.
    """

    METAINFO: ClassVar[dict] = dict(from_file='aic')
    LAYOUT = """
    data/aic/                                    (data_root; https://github.com/AIChallenger/AI_Challenger_2017)
      annotations/aic_train.json
      annotations/aic_val.json                   (converted: https://download.openmmlab.com/mmpose/datasets/aic_annotations.tar)
      ai_challenger_keypoint_train_20170902/keypoint_train_images_20170902/*.jpg
      ai_challenger_keypoint_validation_20170911/keypoint_validation_images_20170911/*.jpg"""
