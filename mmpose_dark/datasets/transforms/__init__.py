"""Transforms of a sample, one a file; see docs/architecture.md for the way of a sample."""

from .albumentation import Albumentation
from .base import BaseTransform
from .bbox_center_scale import GetBBoxCenterScale
from .generate_target import GenerateTarget
from .keypoint_converter import KeypointConverter
from .load_image import LoadImage
from .pack_pose_inputs import PackPoseInputs
from .photometric_distortion import PhotometricDistortion
from .random_bbox_transform import RandomBBoxTransform
from .random_flip import RandomFlip
from .random_half_body import RandomHalfBody
from .topdown_affine import TopdownAffine

__all__ = [
    'Albumentation',
    'BaseTransform',
    'GenerateTarget',
    'GetBBoxCenterScale',
    'KeypointConverter',
    'LoadImage',
    'PackPoseInputs',
    'PhotometricDistortion',
    'RandomBBoxTransform',
    'RandomFlip',
    'RandomHalfBody',
    'TopdownAffine',
]
