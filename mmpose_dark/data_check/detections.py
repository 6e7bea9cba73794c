"""Whether person detections are for these images, in the right form, and find the people."""

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np

from ..annotations import PERSON
from .boxes import box_forms, fits_as_xyxy
from .people import People
from .report import Finding, found

__all__ = ['check_detections', 'recall']

_IOU = 0.5
_ENOUGH = 20  # annotated people before recall says something


def recall(boxes_xyxy: np.ndarray, images: np.ndarray, truth_xyxy: np.ndarray, truth_images: np.ndarray) -> np.ndarray:
    """Tell which annotated people have a detection with an intersection over union of at least 0.5.

    Args:
        boxes_xyxy: (D, 4) corners of detections in pixels.
        images: (D,) number of the image of each.
        truth_xyxy: (N, 4) corners of annotated boxes.
        truth_images: (N,) numbers of their images.

    Returns:
        (N,) boolean.

    >>> box = np.array([[0., 0., 10., 10.]])
    >>> recall(box, np.array([1]), np.concatenate([box, box + 8]), np.array([1, 1])).tolist()
    [True, False]
    """
    order = np.argsort(images, kind='stable')
    images, boxes_xyxy = images[order], boxes_xyxy[order]
    first = np.searchsorted(images, truth_images, side='left')
    last = np.searchsorted(images, truth_images, side='right')
    hit = np.zeros(len(truth_xyxy), bool)
    for i, (start, end) in enumerate(zip(first, last, strict=True)):
        candidates = boxes_xyxy[start:end]
        if not len(candidates):
            continue
        corner = np.maximum(candidates[:, :2], truth_xyxy[i, :2])
        shared = np.clip(np.minimum(candidates[:, 2:], truth_xyxy[i, 2:]) - corner, 0, None).prod(1)
        sizes = np.clip(candidates[:, 2:] - candidates[:, :2], 0, None).prod(1)
        union = sizes + np.clip(truth_xyxy[i, 2:] - truth_xyxy[i, :2], 0, None).prod() - shared
        hit[i] = (shared >= _IOU * np.maximum(union, 1e-9)).any()
    return hit


def check_detections(
    detections: Sequence[dict],
    people: People,
    file: str,
    *,
    skip_unknown: bool = False,
    score_thr: float | None = None,
    person: Hashable = PERSON,
) -> tuple[list[Finding], str]:
    """Compare detections with images and people.

    Args:
        detections: of :func:`read_detections`.
        people: the annotated people and the images.
        file: of the detections, for messages.
        skip_unknown: whether detections of other images are left out on purpose.
        score_thr: only those with a higher score are used.
        person: category of people; a detection that says none is of one.

    Returns:
        The findings, and a sentence on how many there are and how many people they find.
    """
    if not detections:
        return [found('error', 'detections', 'there is no detection', file=file)], 'none'
    detections = [d if 'category_id' in d else {**d, 'category_id': person} for d in detections]
    out = _check_records(detections, people, file, skip_unknown=skip_unknown, person=person)
    number = {image_id: i for i, image_id in enumerate(people.images)}
    used = [d for d in detections if d['category_id'] == person and d['image_id'] in number]
    if not used:
        return out, f'{len(detections)}, none of a person (category {person}) in these images'
    boxes = np.array([d['bbox'][:4] for d in used], np.float64)
    scores = np.array([d['score'] for d in used], np.float64)
    images = np.array([number[d['image_id']] for d in used])
    out += _check_values(used, boxes, scores, file)
    if score_thr is not None:
        keep = scores > score_thr
        boxes, images = boxes[keep], images[keep]
        if not len(boxes):
            message = f'no detection has a score above bbox_score_thr={score_thr}'
            return [*out, found('error', 'detection-scores', message, file=file)], f'{len(detections)}, none used'
    summary = f'{len(boxes)} boxes of people on {len(set(images.tolist()))} of {len(number)} images'
    if people.valid.any():
        findings, more = _check_recall(boxes, images, people, file)
        return [*out, *findings], summary + more
    sizes = np.array([(r.width, r.height) for r in people.images.values()], np.float64)[images]
    if fits_as_xyxy(boxes, sizes):
        out.append(found('error', 'detection-form', _form_message('two corners'), file=file))
    return out, summary


def _check_values(used: Sequence[dict], boxes: np.ndarray, scores: np.ndarray, file: str) -> list[Finding]:
    """Look at boxes (D, 4) as given and scores (D,)."""
    out = []
    flat = np.flatnonzero((boxes[:, 2:] <= 0).any(1))
    if len(flat):
        severity = 'error' if len(flat) > len(used) / 2 else 'warning'
        message = '{n} boxes have no width or height; they are left out'
        out.append(found(severity, 'detection-flat', message, file=file, rows=flat, label=lambda i: _label(used[i])))
    if scores.min() < 0 or scores.max() > 1:
        message = f'scores go from {scores.min():g} to {scores.max():g}, 0 to 1 is usual; they multiply pose scores'
        out.append(found('warning', 'detection-scores', message, file=file))
    return out


def _check_recall(boxes: np.ndarray, images: np.ndarray, people: People, file: str) -> tuple[list[Finding], str]:
    """Compare boxes (D, 4), read in each form, of images with the numbers (D,) with the annotated people."""
    number = {image_id: i for i, image_id in enumerate(people.images)}
    truth = people.valid
    truth_boxes = box_forms(people.bbox[truth])['xywh']
    truth_images = np.array([number.get(people.image_ids[i], -1) for i in np.flatnonzero(truth)])
    hits = {form: recall(b, images, truth_boxes, truth_images) for form, b in box_forms(boxes).items()}
    share = {form: float(h.mean()) for form, h in hits.items()}
    best = max(share, key=share.__getitem__)
    summary = f'; they find {share["xywh"]:.1%} of {int(truth.sum())} annotated people (overlap {_IOU:g})'
    if best != 'xywh' and share[best] > share['xywh'] + 0.2:
        reading = dict(xyxy='two corners (x1, y1, x2, y2)', cxcywh='centre and size')[best]
        message = _form_message(reading) + f' Read so, they find {share[best]:.0%} of the people.'
        return [found('error', 'detection-form', message, file=file)], summary
    if truth.sum() >= _ENOUGH and share['xywh'] < 0.7:
        rows = np.flatnonzero(truth)[~hits['xywh']]
        severity = 'error' if share['xywh'] < 0.3 else 'warning'
        message = (
            f'{{n}} of {int(truth.sum())} annotated people have no detected box: they count as missed whatever the '
            'network does'
        )
        return [found(severity, 'detection-recall', message, file=file, rows=rows, label=people.label)], summary
    return [], summary


def _check_records(
    detections: Sequence[dict], people: People, file: str, *, skip_unknown: bool, person: Hashable
) -> list[Finding]:
    out = []
    unknown = [i for i, d in enumerate(detections) if _unknown(d['image_id'], people)]
    if unknown:
        names = {str(image_id) for image_id in people.images}
        remedy = 'give the detections of these images, or set filter_cfg=dict(skip_unknown_images=True)'
        if any(str(detections[i]['image_id']) in names for i in unknown):
            remedy = 'the ids are numbers in one file and strings in the other: write them alike'
        severity = 'warning' if skip_unknown and len(unknown) < len(detections) else 'error'
        message = f'{{n}} of {len(detections)} detections are of images that {people.file} does not have; {remedy}'
        out.append(
            found(
                severity,
                'detection-images',
                message,
                file=file,
                rows=unknown,
                label=lambda i: f'record {i}: image_id {detections[i]["image_id"]!r}',
            )
        )
    categories = Counter(d['category_id'] for d in detections)
    if person not in categories:
        message = (
            f'no detection is of category {person!r}, which people are in {people.file}; there are '
            f'{dict(categories.most_common(5))}'
        )
        out.append(found('error', 'detection-categories', message, file=file))
    return out


def _unknown(image_id: object, people: People) -> bool:
    return isinstance(image_id, list | dict) or image_id not in people.images


def _form_message(reading: str) -> str:
    return f'boxes are read as left, top, width, height, but look like {reading}; write x, y, width, height.'


def _label(detection: dict) -> str:
    return f'image {detection["image_id"]}: box {[round(float(v), 1) for v in detection["bbox"]]}'
