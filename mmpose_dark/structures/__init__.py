"""Data structures and geometry of boxes and keypoints."""

from .bbox import (
    bbox_cs2xywh,
    bbox_cs2xyxy,
    bbox_xywh2cs,
    bbox_xywh2xyxy,
    bbox_xyxy2cs,
    bbox_xyxy2xywh,
    fix_aspect_ratio,
    flip_bbox,
    get_warp_matrix,
    transform_points,
)
from .keypoint import flip_keypoints
from .merging import merge_data_samples, revert_heatmap
from .pose_data_sample import PoseDataSample
from .warp import warp_image

__all__ = [
    'PoseDataSample',
    'bbox_cs2xywh',
    'bbox_cs2xyxy',
    'bbox_xywh2cs',
    'bbox_xywh2xyxy',
    'bbox_xyxy2cs',
    'bbox_xyxy2xywh',
    'fix_aspect_ratio',
    'flip_bbox',
    'flip_keypoints',
    'get_warp_matrix',
    'merge_data_samples',
    'revert_heatmap',
    'transform_points',
    'warp_image',
]
