"""Whether boxes can be boxes of these people in these images, in the form that is expected."""

import numpy as np

from ..annotations import AREA_OF_BOX
from .people import People
from .report import Finding, found

__all__ = ['box_forms', 'check_areas', 'check_boxes', 'extent_overlap', 'fits_as_xyxy', 'share_inside']

FORMS = ('xywh', 'xyxy', 'cxcywh')
PADDING = 1.25
"""A network sees this much more than the box: a keypoint farther out cannot be learnt."""
_SLACK = 2.0  # pixels by which a box may stick out


def box_forms(boxes: np.ndarray) -> dict[str, np.ndarray]:
    """Read four numbers as left, top, width, height; as two corners; as centre and size.

    Args:
        boxes: (N, 4).

    Returns:
        by form, (N, 4) corners: left, top, right, bottom.

    >>> box_forms(np.array([[10., 10., 30., 50.]]))['cxcywh'].tolist()
    [[-5.0, -15.0, 25.0, 35.0]]
    """
    first, second = boxes[:, :2], boxes[:, 2:]
    return dict(
        xywh=np.concatenate([first, first + second], 1),
        xyxy=boxes,
        cxcywh=np.concatenate([first - second / 2, first + second / 2], 1),
    )


def share_inside(
    points: np.ndarray, labelled: np.ndarray, boxes_xyxy: np.ndarray, *, padding: float = PADDING
) -> float:
    """Return the share of labelled keypoints that lie in their person's padded box; NaN if there are none.

    Args:
        points: (N, K, 2) pixels.
        labelled: (N, K) which count.
        boxes_xyxy: (N, 4) corners in pixels.
        padding: factor on width and height.

    >>> points = np.array([[[5.0, 5.0], [30.0, 5.0]]])
    >>> share_inside(points, np.ones((1, 2), bool), np.array([[0.0, 0.0, 10.0, 10.0]]))
    0.5
    """
    if not labelled.any():
        return float('nan')
    center = (boxes_xyxy[:, None, :2] + boxes_xyxy[:, None, 2:]) / 2
    half = (boxes_xyxy[:, None, 2:] - boxes_xyxy[:, None, :2]) / 2 * padding
    return float((np.abs(points - center) <= half).all(-1)[labelled].mean())


def extent_overlap(points: np.ndarray, labelled: np.ndarray, boxes_xyxy: np.ndarray) -> float:
    """Return the mean overlap (intersection over union) of boxes and the extents of their labelled keypoints.

    Half is usual on real annotations, a quarter and less where boxes are read in a wrong form (measured on COCO,
    AIC, CrowdPose, PoseTrack18 and LSPET).

    Args:
        points: (N, K, 2) pixels.
        labelled: (N, K) which count; people with fewer than five are passed over.
        boxes_xyxy: (N, 4) corners in pixels.

    Returns:
        The mean, NaN where nobody is left.

    >>> points = np.array([[[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0], [5.0, 5.0]]])
    >>> extent_overlap(points, np.ones((1, 5), bool), np.array([[0.0, 0.0, 10.0, 20.0]]))
    0.5
    """
    many = labelled.sum(1) >= 5
    if not many.any():
        return float('nan')
    points, labelled, boxes_xyxy = points[many], labelled[many][..., None], boxes_xyxy[many]
    low, high = np.where(labelled, points, np.inf).min(1), np.where(labelled, points, -np.inf).max(1)
    corner = np.maximum(low, boxes_xyxy[:, :2])
    shared = np.clip(np.minimum(high, boxes_xyxy[:, 2:]) - corner, 0, None).prod(1)
    union = (high - low).prod(1) + np.clip(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], 0, None).prod(1) - shared
    return float((shared / np.maximum(union, 1e-9)).mean())


def fits_as_xyxy(boxes: np.ndarray, size_wh: np.ndarray) -> bool:
    """Tell whether boxes given as left, top, width, height look like two corners.

    They do if nearly all have the third and fourth number above the first two and inside the image, and many
    would stick out of the image as what they are given as.

    Args:
        boxes: (N, 4) as given.
        size_wh: (N, 2) of the images in pixels; NaN where unknown.

    >>> boxes = np.array([[10.0, 20, 60, 90], [50, 5, 90, 80], [40, 40, 95, 99], [1, 1, 9, 9]])
    >>> fits_as_xyxy(boxes, np.full((4, 2), 100.0))
    True
    """
    known = np.isfinite(boxes).all(1) & np.isfinite(size_wh).all(1)
    boxes, size_wh = boxes[known], size_wh[known]
    if len(boxes) < 4:
        return False
    corners = (boxes[:, 2:] > boxes[:, :2]).all(1) & (boxes[:, 2:] <= size_wh + _SLACK).all(1)
    sticks_out = (boxes[:, :2] + boxes[:, 2:] > size_wh + _SLACK).any(1)
    return bool(corners.mean() >= 0.99 and sticks_out.mean() >= 0.25)


def check_boxes(people: People) -> list[Finding]:
    """Look for boxes without area, outside the image, in another form, or away from the keypoints."""
    out = []
    boxes, sizes = people.bbox, people.size_wh
    there = ~people.iscrowd & np.isfinite(boxes).all(1)
    if people.boxes_made:
        form = _check_form(people, there)
        return [form] if form else []
    flat = np.flatnonzero(there & (boxes[:, 2:] <= 0).any(1))
    if len(flat):
        severity = 'error' if len(flat) > there.sum() / 2 else 'warning'
        message = '{n} boxes have no width or height; these people are left out'
        out.append(_about(severity, 'box-flat', message, people, flat))
    relative = there & np.isfinite(sizes).all(1) & (sizes > 2).all(1) & (np.abs(boxes) <= 1.5).all(1)
    if relative.sum() > there.sum() / 2:
        message = '{n} boxes are relative (0 to 1); pixels are needed: multiply by width and height of the image'
        out.append(_about('error', 'box-relative', message, people, np.flatnonzero(relative)))
        return out
    corners = box_forms(boxes)['xywh']
    outside = there & ((corners[:, 2:] <= 0).any(1) | (boxes[:, :2] >= sizes).any(1))
    if outside.any():
        severity = 'error' if outside.sum() > there.sum() / 2 else 'warning'
        message = '{n} boxes lie outside their image; these people are left out'
        out.append(_about(severity, 'box-outside', message, people, np.flatnonzero(outside)))
    form = _check_form(people, there)
    if form:
        return [*out, form]
    over = np.maximum(np.maximum(-corners[:, :2], corners[:, 2:] - sizes), 0)
    over = np.nan_to_num((over / np.maximum(boxes[:, 2:], 1)).max(1))
    sticking = np.flatnonzero(there & ~outside & (over > 0.5))
    if len(sticking):
        message = '{n} boxes stick out of their image by more than half their width or height; they are cut there'
        out.append(_about('note', 'box-sticks-out', message, people, sticking))
    return out


def _check_form(people: People, there: np.ndarray) -> Finding | None:
    """Compare the boxes with the keypoints, read in each form, and with the images."""
    points, labelled = people.keypoints[..., :2], people.labelled & there[:, None]
    forms = box_forms(people.bbox)
    inside = share_inside(points, labelled, forms['xywh'])
    overlap = {form: extent_overlap(points, labelled, boxes) for form, boxes in forms.items()}
    best = max(overlap, key=lambda form: np.nan_to_num(overlap[form]))
    if overlap[best] > 0.3 and overlap[best] > 1.3 * overlap['xywh']:
        message = (
            f'boxes are read as left, top, width, height, but look like {_words(best)}: the keypoints fill '
            f'{overlap[best]:.0%} of such boxes and {overlap["xywh"]:.0%} of those; write x, y, width, height'
        )
        return found('error', 'box-form', message, file=people.file)
    if fits_as_xyxy(people.bbox[there], people.size_wh[there]):
        message = (
            'boxes are read as left, top, width, height, but look like two corners: many would end outside their '
            'image; write x, y, width, height'
        )
        return found('error', 'box-form', message, file=people.file)
    if inside < 0.9:
        message = (
            f"only {inside:.0%} of the labelled keypoints lie in their person's box (x {PADDING}); the network sees "
            'no more than that: boxes and keypoints are in other units or of other people'
        )
        return found('error' if inside < 0.6 else 'warning', 'keypoints-in-box', message, file=people.file)
    return None


def check_areas(people: People, *, needed: bool = False) -> list[Finding]:
    """Look at the areas, which object keypoint similarity divides by.

    Args:
        people: the annotations.
        needed: whether the evaluation uses them (a CocoMetric with use_area=True).
    """
    out = []
    valid, area = people.valid, people.area
    missing = np.flatnonzero(valid & np.isnan(area))
    if len(missing) and needed:
        message = (
            f'{{n}} people have no area, which the evaluation divides by: give it (of the segmentation, or '
            f'{AREA_OF_BOX:g} x box), or set use_area=False in the evaluator (then it is {AREA_OF_BOX:g} x box, as for '
            'CrowdPose and AIC)'
        )
        out.append(_about('error', 'area-missing', message, people, missing, with_area=True))
    zero = np.flatnonzero(valid & (area <= 0))
    if len(zero):
        message = (
            '{n} people have an area of 0 or less: their similarity to any prediction is 0; write the area of the '
            f'segmentation, or {AREA_OF_BOX:g} x box'
        )
        out.append(_about('error' if needed else 'warning', 'area-zero', message, people, zero, with_area=True))
    box_area = people.bbox[:, 2] * people.bbox[:, 3]
    given = valid & (area > 0)
    if not given.any():
        return out
    ratio = np.full(len(people), np.nan)
    ratio[given] = area[given] / box_area[given]
    small, large = np.flatnonzero(ratio < 0.02), np.flatnonzero(ratio > 1.1)
    if len(small) > given.sum() / 2:
        message = (
            '{n} people have an area below a fiftieth of their box: it is in other units, or relative, and lowers '
            'AP; square pixels are needed'
        )
        out.append(_about('error' if needed else 'warning', 'area-small', message, people, small, with_area=True))
    if len(large):
        severity = 'warning' if len(large) > given.sum() / 100 else 'note'
        message = '{n} people have an area above that of their box, which raises their similarity'
        out.append(_about(severity, 'area-large', message, people, large, with_area=True))
    return out


def _about(
    severity: str, check: str, message: str, people: People, rows: np.ndarray, *, with_area: bool = False
) -> Finding:
    def label(i: int) -> str:
        width, height = people.size_wh[i]
        size = f', image {width:g}x{height:g}' if np.isfinite(width) else ''
        number = f', area {people.area[i]:g}' if with_area else ''
        return f'{people.label(i)}: box {[round(float(v), 1) for v in people.bbox[i]]}{number}{size}'

    return found(severity, check, message, file=people.file, rows=rows, label=label)


def _words(form: str) -> str:
    return dict(xyxy='two corners (x1, y1, x2, y2)', cxcywh='centre and size (cx, cy, width, height)')[form]
