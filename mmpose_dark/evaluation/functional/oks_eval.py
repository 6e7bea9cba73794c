"""Average precision and recall over object keypoint similarity, for COCO and the sets that follow it."""

import os
from collections.abc import Sequence

import numpy as np

from ...annotations import area_of_box, without_garbage_collection
from ...keypoint_sets.wholebody_parts import WHOLEBODY_PARTS
from ...utils.errors import InputError
from .arrays import all_finite, index_of
from .oks import COCO_SIGMAS
from .oks_detections import OksDetections
from .oks_engines import ENGINES, Evaluate, require_engine
from .oks_ground_truth import CocoApi, OksGroundTruth
from .oks_problem import MAX_DETECTIONS, OksProblem
from .oks_summary import summarize_oks

__all__ = ['IOU_TYPES', 'check_ground_truth', 'evaluate_oks', 'oks_problem']

IOU_TYPES = ('keypoints', 'keypoints_crowd', *(f'keypoints_{part}' for part in WHOLEBODY_PARTS))
CROWD_BINS = {'AP(E)': (-np.inf, 0.2), 'AP(M)': (0.2, 0.8), 'AP(H)': (0.8, np.inf)}  # by CrowdPose's crowd index


def evaluate_oks(
    ann: str | os.PathLike | dict | CocoApi | OksGroundTruth,
    results: str | os.PathLike | Sequence[dict] | OksDetections,
    *,
    iou_type: str = 'keypoints',
    sigmas: np.ndarray | None = None,
    use_area: bool = True,
    engine: str = 'numpy',
) -> dict[str, float]:
    """Average precision and average recall of predicted poses.

    Thresholds on OKS from 0.50 to 0.95, the best 20 detections of an image, as the COCO API and its extension
    xtcocotools, which the published numbers of the other datasets come from.

    Args:
        ann: COCO-style ground truth: path, dict, COCO API object or :class:`OksGroundTruth`.
        results: COCO-style results: path, list of dicts or :class:`OksDetections`.
        iou_type: ``'keypoints'``; ``'keypoints_crowd'`` (CrowdPose: ground truth counts by its annotated
            ``num_keypoints``, and AP by crowd index); ``'keypoints_wholebody'`` and ``'keypoints_body'``, ``_foot``,
            ``_face``, ``_lefthand``, ``_righthand`` of COCO-WholeBody.
        sigmas: (K,) spread of each keypoint; COCO's 17 by default.
        use_area: divide by the annotated area; otherwise by 0.53 of the box's (CrowdPose, AIC).
        engine: ``'numpy'``, ``'hotcoco'`` or ``'xtcocotools'``; the same values.

    Returns:
        ``AP``, ``AP .5``, ``AP .75``, ``AP (M)``, ``AP (L)`` and ``AR`` likewise, as fractions, -1 where there is no
        ground truth; for ``'keypoints_crowd'`` ``AP(E)``, ``AP(M)``, ``AP(H)`` (easy, medium and hard, rounded to
        four digits as the reference does) in the place of the sizes.

    Raises:
        FileNotFoundError: a file is not there.
        ImportError: the engine is not installed.
        ValueError: a wrong argument, a broken file, results for images that are not in the ground truth,
            a wrong number of keypoints, a number that is not finite.

    >>> box = dict(id=1, image_id=1, category_id=1, bbox=[0, 0, 10, 10], area=80, keypoints=[1, 1, 2, 5, 5, 1])
    >>> ann = dict(images=[dict(id=1)], annotations=[box], categories=[dict(id=1)])
    >>> found = [dict(image_id=1, category_id=1, keypoints=[1, 1, 0.9, 5, 6, 0.8], score=0.7)]
    >>> round(evaluate_oks(ann, found, sigmas=np.array([0.05, 0.05]))['AP'], 2)
    0.6
    """
    require_engine(engine)
    sigmas = np.asarray(COCO_SIGMAS if sigmas is None else sigmas, np.float64).reshape(-1)
    gt, dt = _read(ann, results, iou_type)
    crowd = iou_type == 'keypoints_crowd'
    problem = _pose_problem(gt, dt, sigmas, use_area=use_area, crowd=crowd)
    with without_garbage_collection():
        run = ENGINES[engine](problem)
        precision, recall = run(None)
    values = summarize_oks(precision, recall)
    if not crowd:
        return values
    return {k: v for k, v in values.items() if '(' not in k} | _by_crowd_index(run, gt)


def oks_problem(
    ann: str | os.PathLike | dict | CocoApi | OksGroundTruth,
    results: str | os.PathLike | Sequence[dict] | OksDetections,
    *,
    iou_type: str = 'keypoints',
    sigmas: np.ndarray | None = None,
    use_area: bool = True,
) -> OksProblem:
    """Read, check and decide as `evaluate_oks` does, and return what it would evaluate.

    Args:
        ann: see `evaluate_oks`.
        results: see `evaluate_oks`.
        iou_type: see `evaluate_oks`.
        sigmas: see `evaluate_oks`.
        use_area: see `evaluate_oks`.

    Raises:
        FileNotFoundError, ValueError: as `evaluate_oks`.

    >>> box = dict(id=1, image_id=1, category_id=1, bbox=[0, 0, 10, 10], area=80, keypoints=[1, 1, 2, 5, 5, 1])
    >>> ann = dict(images=[dict(id=1)], annotations=[box], categories=[dict(id=1)])
    >>> oks_problem(ann, [], sigmas=[0.05, 0.05], use_area=False).gt_area
    array([53.])
    """
    sigmas = np.asarray(COCO_SIGMAS if sigmas is None else sigmas, np.float64).reshape(-1)
    gt, dt = _read(ann, results, iou_type)
    return _pose_problem(gt, dt, sigmas, use_area=use_area, crowd=iou_type == 'keypoints_crowd')


def _read(
    ann: str | os.PathLike | dict | CocoApi | OksGroundTruth,
    results: str | os.PathLike | Sequence[dict] | OksDetections,
    iou_type: str,
) -> tuple[OksGroundTruth, OksDetections]:
    """Read both sides, and of whole bodies keep one part."""
    if iou_type not in IOU_TYPES:
        raise InputError(f'iou_type {iou_type!r} is unknown; use one of {", ".join(IOU_TYPES)}')
    part = iou_type.removeprefix('keypoints_')
    wholebody = part in WHOLEBODY_PARTS and part != 'body'
    gt = OksGroundTruth.read(ann, wholebody=wholebody)
    dt = OksDetections.read(results, wholebody=wholebody)
    if part not in WHOLEBODY_PARTS:
        return gt, dt
    place = WHOLEBODY_PARTS[part].place
    return gt.with_keypoints(gt.keypoints[:, place]), dt.part(part, place)


def _by_crowd_index(run: Evaluate, gt: OksGroundTruth) -> dict[str, float]:
    """CrowdPose's average precisions of easy, medium and hard images."""
    if np.isnan(gt.crowd_index).any():
        lacking = gt.img_ids[np.isnan(gt.crowd_index)].tolist()
        raise InputError(
            f"{gt.source}: {len(lacking)} images, the first of them {lacking[0]!r}, have no 'crowdIndex', which "
            "iou_type='keypoints_crowd' needs; use iou_type='keypoints' for data that is not CrowdPose"
        )
    found = {}
    for key, (low, high) in CROWD_BINS.items():
        images = np.flatnonzero((gt.crowd_index >= low) & (gt.crowd_index < high)) + 1
        found[key] = round(float(run(images)[0][:, :, :, 0].mean()), 4) if len(images) else -1.0
    return found


def _pose_problem(
    gt: OksGroundTruth, dt: OksDetections, sigmas: np.ndarray, *, use_area: bool, crowd: bool
) -> OksProblem:
    """Check both sides and decide what is ignored, as the reference evaluator does."""
    check_ground_truth(gt, sigmas, use_area=use_area)
    _check(gt, dt, sigmas)
    gt_keypoints = gt.keypoints.reshape(-1, len(sigmas), 3)
    labelled = (gt_keypoints[..., 2] > 0).sum(1)
    if crowd:
        labelled = np.where(gt.num_keypoints < 0, labelled, gt.num_keypoints)
    image = index_of(gt.img_ids, dt.img_ids)
    categories = gt.category_ids[:1].repeat(len(dt)) if dt.category_ids is None else dt.category_ids
    category = index_of(gt.category_ids, categories)
    keep = _best(image, category, dt.scores, (dt.keypoint_scores > 0).any(1) & (category >= 0))
    order = np.argsort(gt.image, kind='stable')
    area = area_of_box(gt.bbox[:, 2], gt.bbox[:, 3])
    if use_area:
        area = np.where(np.isnan(gt.area), area, gt.area)  # it is missing only of those who do not count
    return OksProblem(
        num_images=len(gt.img_ids),
        num_categories=len(gt.category_ids),
        gt_image=gt.image[order] + 1,
        gt_category=gt.category[order] + 1,
        gt_keypoints=gt_keypoints[order],
        gt_bbox=gt.bbox[order],
        gt_area=area[order],
        gt_crowd=gt.iscrowd[order],
        gt_ignore=(labelled == 0)[order],
        dt_image=image[keep] + 1,
        dt_category=category[keep] + 1,
        dt_xy=dt.xy[keep],
        dt_scores=np.asarray(dt.scores, np.float64)[keep],
        dt_areas=None if dt.areas is None else dt.areas[keep],
        sigmas=sigmas,
    )


def _best(image: np.ndarray, category: np.ndarray, scores: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Indices of the best valid detections of each image and category, by image, category and falling score."""
    index = np.flatnonzero(valid)
    group = image[index] * (category.max(initial=0) + 1) + category[index]
    order = np.lexsort((-np.asarray(scores)[index], group))  # stable: of equal ones the first stays
    _, starts, sizes = np.unique(group[order], return_index=True, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(starts, sizes)
    return index[order[rank < MAX_DETECTIONS]]


def check_ground_truth(gt: OksGroundTruth, sigmas: np.ndarray, *, use_area: bool = True) -> None:
    """Stop at ground truth that cannot be evaluated; asked before a run, and not after it.

    Args:
        gt: annotated people.
        sigmas: (K,) spread of each keypoint.
        use_area: whether the annotated area is divided by.

    Raises:
        ValueError: another number of keypoints, or the area of a labelled person is missing or not above 0.
    """
    _check_count('annotations', gt.keypoints, gt.source, len(sigmas))
    counts = (gt.keypoints[..., 2] > 0).any(1) & ~gt.iscrowd
    lacking = gt.ids[counts & ~(gt.area > 0)]  # NaN where there is none
    if use_area and len(lacking):
        raise InputError(
            f'{gt.source}: {len(lacking)} annotations, the first of them {lacking.tolist()[0]!r}, '
            "have no 'area' above 0; "
            'use use_area=False to take 0.53 of the box, as CrowdPose and AIC are evaluated'
        )


def _check_count(what: str, keypoints: np.ndarray, source: str, count: int) -> None:
    """Check that keypoints (N, K, 2 or 3) are as many as sigmas."""
    if len(keypoints) and keypoints.shape[1] != count:
        raise InputError(
            f'{source}: the {what} have {keypoints.shape[1]} keypoints, but there are {count} sigmas; '
            'is it the right dataset, and are its sigmas given?'
        )


def _check(gt: OksGroundTruth, dt: OksDetections, sigmas: np.ndarray) -> None:
    _check_count('results', dt.xy, dt.source, len(sigmas))
    lost = dt.img_ids[index_of(gt.img_ids, dt.img_ids) < 0]
    if len(lost):
        raise InputError(
            f'{dt.source}: {len(lost)} predictions are for {len(np.unique(lost))} images that are not in {gt.source}: '
            f'{_few(lost)}; were they made on another dataset or split?'
        )
    if len(dt) and dt.category_ids is not None and (index_of(gt.category_ids, dt.category_ids) < 0).all():
        raise InputError(
            f'{dt.source}: no prediction has a category of {gt.source} ({_few(gt.category_ids)}); '
            f'they have {_few(dt.category_ids)}'
        )
    if not all(map(all_finite, (dt.xy, dt.keypoint_scores, dt.scores))):
        finite = np.isfinite(dt.xy).all((1, 2)) & np.isfinite(dt.keypoint_scores).all(1) & np.isfinite(dt.scores)
        bad = int(np.argmin(finite))
        raise InputError(
            f'{dt.source}: {int((~finite).sum())} predictions hold NaN or infinity, the first is number {bad}, '
            f'for image {dt.img_ids.tolist()[bad]!r}'
        )


def _few(ids: np.ndarray) -> str:
    """The first of the different ids, for a message."""
    ids = list(dict.fromkeys(ids.tolist()))
    return f'{", ".join(map(repr, ids[:5]))}{", ..." if len(ids) > 5 else ""}'
