"""PoseTrack18: average precision of each joint, and MOTA of tracked results."""

from typing import Any

import numpy as np

from ...registry import METRICS
from ...utils.errors import InputError
from ..functional.oks_detections import OksDetections
from ..functional.posetrack import evaluate_posetrack
from ..functional.posetrack_ground_truth import PoseTrackGroundTruth
from .coco_metric import CocoMetric

__all__ = ['PoseTrack18Metric']


@METRICS.register_module()
class PoseTrack18Metric(CocoMetric):
    """Average precision of joints on PoseTrack18; MOTA too, if the predictions have ``track_ids``.

    Args:
        ann_file: JSON of all sequences, or a folder with one JSON a sequence.
        kwargs: arguments of :class:`CocoMetric`; those that concern OKS evaluation are not used.

    Raises:
        ValueError: no ``ann_file``, although something is to be evaluated.
    """

    default_prefix = 'posetrack18'

    def __init__(self, ann_file: str | None = None, **kwargs: Any) -> None:
        super().__init__(ann_file=ann_file, **kwargs)
        if ann_file is None and not self.format_only:
            raise InputError('PoseTrack18Metric needs ann_file: the head boxes and ignored regions are there')
        self._ground_truth: PoseTrackGroundTruth | None = None

    @property
    def ground_truth(self) -> PoseTrackGroundTruth:
        """The annotations of ``ann_file``, read once."""
        if self._ground_truth is None:
            self._ground_truth = PoseTrackGroundTruth.read(self.ann_file)
        return self._ground_truth

    def _check_ground_truth(self) -> None:
        _ = self.ground_truth  # reading it checks it

    def _default_category(self) -> int:
        return 1

    def evaluate_detections(
        self, ground_truth: PoseTrackGroundTruth, detections: OksDetections, sigmas: np.ndarray
    ) -> dict[str, float]:
        """Return average precisions, and tracking values where there are tracks; ``sigmas`` (17,) are not used."""
        return evaluate_posetrack(ground_truth, detections)
