"""Data structures and geometry of boxes and keypoints.

The names are imported on first use: the geometry needs numpy alone, `PoseDataSample` needs torch and mmengine.
"""

from ..utils.lazy import lazy_names

_HOMES = {
    'bbox_cs2xywh': 'bbox',
    'bbox_cs2xyxy': 'bbox',
    'bbox_xywh2cs': 'bbox',
    'bbox_xywh2xyxy': 'bbox',
    'bbox_xyxy2cs': 'bbox',
    'bbox_xyxy2xywh': 'bbox',
    'fix_aspect_ratio': 'bbox',
    'flip_bbox': 'bbox',
    'get_warp_matrix': 'bbox',
    'transform_points': 'bbox',
    'flip_keypoints': 'keypoint',
    'KeypointMapping': 'keypoint_mapping',
    'map_keypoints': 'keypoint_mapping',
    'merge_data_samples': 'merging',
    'revert_heatmap': 'heatmap',
    'PoseDataSample': 'pose_data_sample',
    'Poses': 'poses',
    'warp_image': 'warp',
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
