"""One OKS evaluation, for whoever looks closer at it: reports, kinds of error, intervals."""

from dataclasses import dataclass

import numpy as np

from .oks_detections import OksDetections
from .oks_eval import oks_problem
from .oks_ground_truth import OksGroundTruth
from .oks_problem import OksProblem

__all__ = ['OksCase']


@dataclass(frozen=True)
class OksCase:
    """What is compared with what, and how.

    Attributes:
        ground_truth: annotated people.
        detections: predicted people, after scoring and suppression.
        sigmas: (K,) spread of each keypoint.
        use_area: see `evaluate_oks`.
        iou_type: see `evaluate_oks`.
    """

    ground_truth: OksGroundTruth
    detections: OksDetections
    sigmas: np.ndarray
    use_area: bool = True
    iou_type: str = 'keypoints'

    def problem(self) -> OksProblem:
        """Return it as an engine is given it."""
        return oks_problem(
            self.ground_truth, self.detections, iou_type=self.iou_type, sigmas=self.sigmas, use_area=self.use_area
        )
