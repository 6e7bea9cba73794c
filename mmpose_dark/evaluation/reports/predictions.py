"""The predictions that a report keeps, as an evaluation that can be looked at again."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...structures.keypoint_mapping import map_keypoints, map_sigmas
from ...utils.errors import InputError
from ..functional.oks_case import OksCase
from ..functional.oks_detections import OksDetections
from ..functional.oks_ground_truth import OksGroundTruth

__all__ = ['case_of', 'keypoint_names']


def case_of(report: Mapping[str, Any], folder: str | os.PathLike) -> OksCase:
    """Return what the OKS metric of a report evaluated, from the predictions beside it and the annotation file.

    Args:
        report: as `read_report` gives it.
        folder: where it is.

    Raises:
        InputError: it keeps no predictions, or the annotations are not what they were; the message says which.
    """
    name = report.get('predictions')
    oks = next((e for e in report['protocol']['evaluators'] if 'nms_mode' in e), None)
    if not name or oks is None:
        raise InputError(f'{folder}: keeps no predictions, as its metrics are not of OKS')
    annotations = _annotations(report, oks, folder)
    wholebody = oks.get('type') == 'CocoWholeBodyMetric'
    ground_truth = OksGroundTruth.read(annotations, wholebody=wholebody)
    sigmas = oks.get('sigmas')
    if not isinstance(sigmas, list) or not all(isinstance(sigma, int | float) and sigma > 0 for sigma in sigmas):
        raise InputError(f'{folder}: protocol.evaluators has no sigmas to compare with: the file was changed')
    sigmas = np.asarray(sigmas, np.float64)
    converter = oks.get('gt_converter')
    if converter:
        if not isinstance(converter, dict) or not {'num_keypoints', 'mapping'} <= set(converter):
            raise InputError(f'{folder}: gt_converter of protocol.evaluators is none: the file was changed')
        converter = {key: converter[key] for key in ('num_keypoints', 'mapping')}
        ground_truth = ground_truth.with_keypoints(map_keypoints(ground_truth.keypoints, **converter))
        sigmas = map_sigmas(sigmas, **converter)
    detections = OksDetections.read(Path(folder) / name, wholebody=wholebody)
    use_area, iou_type = bool(oks.get('use_area', True)), oks.get('iou_type', 'keypoints')
    return OksCase(ground_truth, detections, sigmas, use_area=use_area, iou_type=iou_type)


def keypoint_names(report: Mapping[str, Any]) -> list[str]:
    """Return the names of the keypoints that a report evaluates; numbers where it converts them."""
    oks = next((e for e in report['protocol']['evaluators'] if 'nms_mode' in e), {})
    converter = oks.get('gt_converter')
    names = report['protocol']['data'][0].get('keypoints') or []
    return [str(i) for i in range(converter['num_keypoints'])] if converter else list(map(str, names))


def _annotations(report: Mapping[str, Any], oks: Mapping[str, Any], folder: str | os.PathLike) -> str:
    """Path of the annotation file, if it still is what was tested on."""
    from ...checkpoint.download import sha256_of

    kept = [part.get('files') for part in report['protocol']['data']]
    files = [part.get('ann_file') if isinstance(part, dict) else None for part in kept]
    if len(files) != 1 or not isinstance(files[0], dict) or not isinstance(files[0].get('path'), str):
        raise InputError(f'{folder}: was tested on {len(files)} datasets; predictions are compared for one')
    path = files[0]['path']
    if not os.path.isfile(path):
        raise InputError(f'{folder}: its annotations {path} are not there any more, so AP cannot be found again')
    if sha256_of(path) != files[0].get('sha256'):
        raise InputError(f'{folder}: its annotations {path} were changed since, so AP cannot be found again')
    return path
