"""PoseTrack18: average precision of each joint, and MOTA of tracked results."""

import os
from typing import Any

import numpy as np

from ...registry import METRICS
from ...utils.errors import InputError
from ..functional.oks_detections import OksDetections
from ..functional.posetrack import evaluate_posetrack
from ..functional.posetrack_files import read_sequences, sequence_results
from ..functional.posetrack_ground_truth import PoseTrackGroundTruth
from .coco_metric import CocoMetric, write_json
from .tables import Table

__all__ = ['PoseTrack18Metric']


@METRICS.register_module()
class PoseTrack18Metric(CocoMetric):
    """Average precision of joints on PoseTrack18; MOTA too, if the predictions have ``track_ids``.

    Args:
        ann_file: JSON of all sequences, or a folder with one JSON a sequence. With ``format_only`` results go into the
            benchmark's files, one a sequence, in the folder of ``outfile_prefix``.
        kwargs: arguments of :class:`CocoMetric`; those that concern OKS evaluation are not used.

    Raises:
        ValueError: no ``ann_file``, although something is to be evaluated.
    """

    default_prefix = 'posetrack18'

    def __init__(self, ann_file: str | None = None, **kwargs: Any) -> None:
        if ann_file is None and not kwargs.get('format_only'):
            raise InputError('PoseTrack18Metric needs ann_file: the head boxes and ignored regions are there')
        self._ground_truth: PoseTrackGroundTruth | None = None
        super().__init__(ann_file=ann_file, **kwargs)

    @property
    def ground_truth(self) -> PoseTrackGroundTruth:
        """The annotations of ``ann_file``, read once."""
        if self._ground_truth is None:
            self._ground_truth = PoseTrackGroundTruth.read(self.ann_file)
        return self._ground_truth

    def _check_ground_truth(self) -> None:
        _ = self.ground_truth  # reading it checks it

    def _check_annotated(self) -> None:
        if self.ann_file is not None and not self.ground_truth.frames:
            raise InputError(
                f'PoseTrack18Metric: {self.ann_file} has no annotated people to compare with; for the results of a '
                'test set use format_only=True and outfile_prefix'
            )

    def case(self, table: Table) -> None:
        """Return None: matching is by joints here, not by OKS."""

    def write_results(self, detections: OksDetections) -> None:
        """Write the benchmark's files, one a sequence, with ``format_only``; else as `CocoMetric`."""
        if not self.format_only or self.ann_file is None:
            super().write_results(detections)
            return
        names = list(self.meta('keypoint_id2name').values())
        files = sequence_results(read_sequences(self.ann_file), self.results_to_json(detections), names)
        for name, content in files.items():
            write_json(os.path.join(os.path.dirname(self.outfile_prefix), name), content)

    def _default_category(self) -> int:
        return 1

    def evaluate_detections(
        self, ground_truth: PoseTrackGroundTruth, detections: OksDetections, sigmas: np.ndarray
    ) -> dict[str, float]:
        """Return average precisions, and tracking values where there are tracks; ``sigmas`` (17,) are not used."""
        return evaluate_posetrack(ground_truth, detections)
