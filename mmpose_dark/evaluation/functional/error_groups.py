"""Kinds of error by joint, visibility, size, crowding, truncation and labelled keypoints."""

from collections.abc import Sequence

import numpy as np

from ...structures.bbox import bbox_xywh2xyxy
from .box_iou import box_iou
from .error_costs import Diagnosis
from .keypoint_errors import KEYPOINT_KINDS

__all__ = ['error_groups', 'overlapping_people']

_SIZES = {
    'small (below 32²)': (0, 32.0**2),
    'medium (32² to 96²)': (32.0**2, 96.0**2),
    'large (above 96²)': (96.0**2, np.inf),
}
_OVERLAPS = {'alone': (0, 0), '1 or 2 others': (1, 2), '3 or more': (3, np.inf)}
_LABELLED = {'1 to 5': (1, 5), '6 to 10': (6, 10), '11 to 15': (11, 15), '16 or more': (16, np.inf)}
_LEAST_IOU = 0.1
_BORDER = 1.0

Group = dict[str, int | dict[str, int]]


def error_groups(
    diagnosis: Diagnosis, names: Sequence[str], image_sizes: np.ndarray | None = None
) -> dict[str, dict[str, Group]]:
    """Count kinds of error in groups of keypoints and of people.

    Args:
        diagnosis: of `diagnose`.
        names: of the K keypoints.
        image_sizes: (I, 2) width and height of each image, NaN where they are not known; None: truncation is left out.

    Returns:
        By what the groups are made of (``joint``, ``visibility``, ``size``, ``crowding``, ``labelled keypoints``,
        ``truncation``), for each group ``kinds`` (number of keypoints of each of `KEYPOINT_KINDS`) and, where the
        groups are of people, ``people`` and ``not_found``.
    """
    problem = diagnosis.problem
    visible = problem.gt_keypoints[..., 2]
    by_joint = {name: _kinds(diagnosis.kinds[:, i]) for i, name in enumerate(names)}
    seen = {'hidden (v = 1)': visible == 1, 'visible (v = 2)': visible == 2}
    found: dict[str, dict[str, Group]] = dict(
        joint={name: dict(kinds=kinds) for name, kinds in by_joint.items()},
        visibility={name: dict(kinds=_kinds(diagnosis.kinds[where])) for name, where in seen.items()},
    )
    people = dict(
        size=_between(problem.gt_area, _SIZES, low_open=True),
        crowding=_between(overlapping_people(diagnosis), _OVERLAPS),
        **{'labelled keypoints': _between((visible > 0).sum(1), _LABELLED)},
    )
    if image_sizes is not None:
        cut, known = _truncated(diagnosis, image_sizes)
        people['truncation'] = {'inside the image': known & ~cut, 'at its border': known & cut}
    for what, groups in people.items():
        found[what] = {name: _of_people(diagnosis, where) for name, where in groups.items()}
    return found


def overlapping_people(diagnosis: Diagnosis) -> np.ndarray:
    """Return how many other people of its image each person's box meets with an IoU of at least 0.1: (G,)."""
    problem = diagnosis.problem
    corners = bbox_xywh2xyxy(problem.gt_bbox)
    count = np.zeros(len(corners), np.int64)
    people = np.flatnonzero(~problem.gt_crowd)
    order = people[np.argsort(problem.gt_image[people], kind='stable')]
    _, starts = np.unique(problem.gt_image[order], return_index=True)
    for rows in np.split(order, starts[1:]):
        count[rows] = (box_iou(corners[rows], corners[rows]) >= _LEAST_IOU).sum(1) - 1
    return count


def _truncated(diagnosis: Diagnosis, image_sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether a person's box reaches the border of its image, and whether that is known; (G,) each."""
    problem = diagnosis.problem
    size = image_sizes[problem.gt_image - 1]
    low, high = np.split(bbox_xywh2xyxy(problem.gt_bbox), 2, axis=1)
    return (low <= _BORDER).any(1) | (high >= size - _BORDER).any(1), np.isfinite(size).all(1)


def _between(values: np.ndarray, limits: dict, *, low_open: bool = False) -> dict[str, np.ndarray]:
    return {
        name: ((values > low) if low_open and low else (values >= low)) & (values <= high)
        for name, (low, high) in limits.items()
    }


def _of_people(diagnosis: Diagnosis, where: np.ndarray) -> Group:
    where = where & diagnosis.counts
    return dict(
        people=int(where.sum()),
        not_found=int((where & (diagnosis.detection < 0)).sum()),
        kinds=_kinds(diagnosis.kinds[where]),
    )


def _kinds(kinds: np.ndarray) -> dict[str, int]:
    return {kind: int((kinds == kind).sum()) for kind in KEYPOINT_KINDS}
