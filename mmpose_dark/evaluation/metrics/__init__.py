"""Registered metrics: settings and gathering around the functions of ``evaluation.functional``."""

from .coco_metric import CocoMetric
from .keypoint_2d_metrics import AUC, EPE, NME, PCKAccuracy

__all__ = ['AUC', 'EPE', 'NME', 'CocoMetric', 'PCKAccuracy']
