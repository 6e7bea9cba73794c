"""Datasets, their definitions and the transforms of a sample."""

from ..keypoint_sets import DefinitionError, known_definitions, parse_pose_metainfo
from .aic_dataset import AicDataset
from .base_coco_style_dataset import BaseCocoStyleDataset
from .coco_dataset import CocoDataset
from .coco_wholebody_dataset import CocoWholeBodyDataset
from .collate import pose_collate
from .combined_dataset import CombinedDataset
from .crowdpose_dataset import CrowdPoseDataset
from .errors import AnnotationError, BadSample, ImageReadError
from .lspet_dataset import LspetDataset
from .mpii_dataset import MpiiDataset
from .pose_dataset import PoseDataset
from .posetrack18_dataset import PoseTrack18Dataset
from .sample_key import SampleKey
from .transforms import *  # noqa: F403
from .transforms import __all__ as _transforms

__all__ = [
    'AicDataset',
    'AnnotationError',
    'BadSample',
    'BaseCocoStyleDataset',
    'CocoDataset',
    'CocoWholeBodyDataset',
    'CombinedDataset',
    'CrowdPoseDataset',
    'DefinitionError',
    'ImageReadError',
    'LspetDataset',
    'MpiiDataset',
    'PoseDataset',
    'PoseTrack18Dataset',
    'SampleKey',
    'known_definitions',
    'parse_pose_metainfo',
    'pose_collate',
    *_transforms,
]
