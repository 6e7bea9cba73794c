"""OKS average precision of COCO-WholeBody and each of its parts."""

from dataclasses import replace

import numpy as np

from ...keypoint_sets.wholebody_parts import WHOLEBODY_PARTS
from ...registry import METRICS
from ...structures.coco_record import CocoRecord
from ..functional.oks_case import OksCase
from ..functional.oks_detections import OksDetections
from ..functional.oks_eval import evaluate_oks
from ..functional.oks_ground_truth import OksGroundTruth
from ..functional.oks_problem import OksProblem
from .coco_metric import CocoMetric

__all__ = ['CocoWholeBodyMetric']


@METRICS.register_module()
class CocoWholeBodyMetric(CocoMetric):
    """Average precision and recall of whole bodies (133 keypoints) and of body, feet, face and hands.

    The names without a part, as ``coco-wholebody/AP``, are those of the whole body, as in mmpose; the parts are
    ``coco-wholebody/foot AP``, ``coco-wholebody/face AR .5`` and so on. Arguments as :class:`CocoMetric`; ``iou_type``
    is not used.
    """

    default_prefix = 'coco-wholebody'
    wholebody = True

    def evaluate_detections(
        self, ground_truth: OksGroundTruth, detections: OksDetections, sigmas: np.ndarray
    ) -> dict[str, float]:
        """Return the values of all parts; ``sigmas`` (133,)."""
        values: dict[str, float] = {}
        for part, (_, _, place) in WHOLEBODY_PARTS.items():
            found = evaluate_oks(
                ground_truth,
                detections,
                iou_type=f'keypoints_{part}',
                sigmas=sigmas[place],
                use_area=self.use_area,
                engine=self.engine,
            )
            values |= {f'{part} {k}': v for k, v in found.items()}
        return {k: values[f'wholebody {k}'] for k in found} | values

    def problems(self, case: OksCase) -> dict[str, OksProblem]:
        """Return what the engine is given for each part; the whole body has its values without a name too."""
        parts = {
            part: replace(case, iou_type=f'keypoints_{part}', sigmas=case.sigmas[place]).problem()
            for part, (_, _, place) in WHOLEBODY_PARTS.items()
        }
        return {'': parts['wholebody'], **parts}

    def results_to_json(self, detections: OksDetections) -> list[CocoRecord]:
        """Return results in COCO-WholeBody's format: a field of keypoints for each part."""
        rows = super().results_to_json(detections)
        for row in rows:
            keypoints = row.pop('keypoints')
            row.update({f: keypoints[3 * p.start : 3 * p.stop] for f, _, p in WHOLEBODY_PARTS.values() if f})
        return rows
