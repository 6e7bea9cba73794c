"""Datasets, their definitions and the transforms of a sample."""

from .aic_dataset import AicDataset
from .base_coco_style_dataset import BaseCocoStyleDataset
from .coco_dataset import CocoDataset
from .collate import pose_collate
from .definitions import known_definitions, parse_pose_metainfo
from .errors import AnnotationError, BadSample, DefinitionError, ImageReadError
from .lspet_dataset import LspetDataset
from .pose_dataset import PoseDataset
from .sample_key import SampleKey
from .transforms import *  # noqa: F403
from .transforms import __all__ as _transforms

__all__ = [
    'AicDataset',
    'AnnotationError',
    'BadSample',
    'BaseCocoStyleDataset',
    'CocoDataset',
    'DefinitionError',
    'ImageReadError',
    'LspetDataset',
    'PoseDataset',
    'SampleKey',
    'known_definitions',
    'parse_pose_metainfo',
    'pose_collate',
    *_transforms,
]
