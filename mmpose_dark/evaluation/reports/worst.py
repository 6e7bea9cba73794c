"""Drawings of the people who were found worst."""

from pathlib import Path

import cv2
import numpy as np

from ...datasets.errors import ImageReadError
from ...datasets.pose_dataset import PoseDataset
from ...datasets.transforms import LoadImage
from ...drawing.mistakes import draw_mistakes
from ...structures.bbox import bbox_xywh2xyxy
from ..functional.error_costs import Diagnosis
from ..functional.keypoint_errors import ERROR_KINDS
from ..functional.oks_ground_truth import OksGroundTruth
from .errors import worst_people
from .report_page import DrawnPerson

__all__ = ['drawn_worst']


def drawn_worst(
    diagnosis: Diagnosis, ground_truth: OksGroundTruth, dataset: PoseDataset, *, count: int = 12
) -> list[DrawnPerson]:
    """Draw the people who were found worst, their keypoints beside their labels.

    Args:
        diagnosis: of `diagnose`.
        ground_truth: that it was made of; its images have the dataset's ids.
        dataset: that was tested; one that does not say where its images are gives no drawings.
        count: at most so many people.
    """
    load = next((t for t in dataset.pipeline.transforms if isinstance(t, LoadImage)), None)
    if load is None or not hasattr(dataset, 'sample_places'):
        return []
    paths = {img_id: path for _, img_id, path, _ in dataset.sample_places()}
    problem, links = diagnosis.problem, dataset.metainfo.get('skeleton_links') or ()
    links = links if dataset.metainfo.get('num_keypoints') == len(problem.sigmas) else ()
    drawn = []
    for person in worst_people(diagnosis, count):
        img_id = ground_truth.img_ids[problem.gt_image[person] - 1].item()
        if img_id not in paths:
            continue
        try:
            image = load(dict(img_path=paths[img_id]))['img'][..., ::-1]
        except ImageReadError:  # named in the report already
            continue
        drawing = draw_mistakes(
            image,
            problem.dt_xy[diagnosis.detection[person]],
            problem.gt_keypoints[person, :, :2],
            diagnosis.kinds[person],
            box=bbox_xywh2xyxy(problem.gt_bbox[person]),
            links=links,
        )
        content = cv2.imencode('.jpg', np.ascontiguousarray(drawing[..., ::-1]))[1].tobytes()
        drawn.append(DrawnPerson(content, _caption(diagnosis, person, paths[img_id])))
    return drawn


def _caption(diagnosis: Diagnosis, person: int, path: str) -> str:
    counts = {kind: int((diagnosis.kinds[person] == kind).sum()) for kind in ERROR_KINDS}
    told = ', '.join(f'{number} {kind}' for kind, number in counts.items() if number)
    return f'OKS {diagnosis.oks[person]:.2f}: {told or "small errors"}; {Path(path).name}'
