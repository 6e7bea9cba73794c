"""Evaluation as functions of arrays and files; the registered metrics call these."""

from ...structures.keypoint_mapping import map_keypoints, map_sigmas
from .box_iou import box_iou
from .box_nms import nms
from .identity import TrackScores, score_tracks
from .keypoint_errors import ERROR_KINDS, KEYPOINT_KINDS, keypoint_error_kinds
from .keypoint_eval import (
    keypoint_auc,
    keypoint_distances,
    keypoint_epe,
    keypoint_nme,
    keypoint_pck_accuracy,
)
from .mpii import mpii_pckh, mpii_summary
from .oks import COCO_SIGMAS, oks
from .oks_detections import OksDetections
from .oks_eval import evaluate_oks
from .oks_ground_truth import OksGroundTruth
from .pose_nms import grouped_oks_nms, grouped_soft_oks_nms, oks_nms, soft_oks_nms
from .posetrack import evaluate_posetrack
from .posetrack_ground_truth import PoseTrackGroundTruth

__all__ = [
    'COCO_SIGMAS',
    'ERROR_KINDS',
    'KEYPOINT_KINDS',
    'OksDetections',
    'OksGroundTruth',
    'PoseTrackGroundTruth',
    'TrackScores',
    'box_iou',
    'evaluate_oks',
    'evaluate_posetrack',
    'grouped_oks_nms',
    'grouped_soft_oks_nms',
    'keypoint_auc',
    'keypoint_distances',
    'keypoint_epe',
    'keypoint_error_kinds',
    'keypoint_nme',
    'keypoint_pck_accuracy',
    'map_keypoints',
    'map_sigmas',
    'mpii_pckh',
    'mpii_summary',
    'nms',
    'oks',
    'oks_nms',
    'score_tracks',
    'soft_oks_nms',
]
