"""Registered metrics: settings and gathering around the functions of ``evaluation.functional``."""

from .base import ArrayMetric
from .coco_metric import CocoMetric
from .coco_wholebody_metric import CocoWholeBodyMetric
from .dump_results import DumpResults
from .keypoint_2d_metrics import AUC, EPE, NME, MpiiPCKAccuracy, PCKAccuracy
from .posetrack18_metric import PoseTrack18Metric

__all__ = [
    'AUC',
    'EPE',
    'NME',
    'ArrayMetric',
    'CocoMetric',
    'CocoWholeBodyMetric',
    'DumpResults',
    'MpiiPCKAccuracy',
    'PCKAccuracy',
    'PoseTrack18Metric',
]
