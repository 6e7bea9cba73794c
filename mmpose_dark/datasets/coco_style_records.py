"""From the records of COCO-style files to the records of samples."""

import os
import warnings
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence

import numpy as np

from ..annotations import PERSON, AnnotationError, area_of_box, finite_numbers

__all__ = ['annotation_record', 'detection_records', 'usable_people', 'warn_of', 'with_paths']

_NO_BOX = 'no box or no keypoints'
_CROWD = 'a crowd region'
_UNLABELLED = 'no keypoint labelled'
_NO_AREA = 'a box without area in the image'


def with_paths(images: Mapping[Hashable, dict], folder: str) -> dict[Hashable, dict]:
    """Return image records with ``img_path``.

    >>> with_paths({1: dict(file_name='a.jpg')}, 'data/')
    {1: {'file_name': 'a.jpg', 'img_path': 'data/a.jpg'}}
    """
    return {k: dict(image, img_path=os.path.join(folder, image['file_name'])) for k, image in images.items()}


def annotation_record(ann: Mapping, image: Mapping, points: np.ndarray, where: str) -> dict[str, object]:
    """Return the record of an annotated person.

    Args:
        ann: COCO annotation in normal form, with ``bbox``.
        image: its image record, with ``img_path``.
        points: (K, 3) x, y in pixels and visibility.
        where: the annotation stands, for errors.

    Raises:
        AnnotationError: the box is not four finite numbers.

    >>> image, ann = dict(img_path='a.jpg', width=50, height=40), dict(id=1, image_id=7, bbox=[-5, 10, 20, 20])
    >>> record = annotation_record(ann, image, np.array([[3.0, 12.0, 2.0]]), 'annotation 1')
    >>> record['bbox'].tolist(), record['keypoints_visible'].tolist(), round(record['area'], 1)
    ([[0.0, 10.0, 15.0, 30.0]], [[1.0]], 159.0)
    """
    xywh = finite_numbers(ann['bbox'], f'{where}: bbox')
    if xywh.shape != (4,):
        raise AnnotationError(f'{where}: bbox is {ann["bbox"]}; x, y, width, height are needed')
    x, y, w, h = (float(v) for v in ann['bbox'])
    # The clipping of mmpose 1.x: corners within the pixel grid.
    right, bottom = image['width'] - 1, image['height'] - 1
    x1, y1 = min(max(x, 0), right), min(max(y, 0), bottom)
    x2, y2 = min(max(x + w, 0), right), min(max(y + h, 0), bottom)
    visible = (points[None, :, 2] > 0).astype(np.float32)  # a fraction is a label like any other
    info = dict(
        id=ann['id'],
        img_id=ann['image_id'],
        img_path=image['img_path'],
        bbox=np.array([[x1, y1, x2, y2]], np.float32),
        bbox_score=np.ones(1, np.float32),
        keypoints=np.ascontiguousarray(points[None, :, :2]),
        keypoints_visible=visible,
        num_keypoints=int(ann.get('num_keypoints', np.count_nonzero(visible))),
        area=float(ann['area']) if ann.get('area') is not None else max(area_of_box(x2 - x1, y2 - y1), 1.0),
        category_id=ann.get('category_id', PERSON),
        iscrowd=int(ann.get('iscrowd', 0)),
    )
    if 'crowdIndex' in image:
        info['crowd_index'] = image['crowdIndex']
    return info


def usable_people(infos: Sequence[dict | None], path: str) -> list[dict]:
    """Return the people to learn from or to test on, by mmpose 1.x's rule; warn of boxes without area.

    Args:
        infos: records, None for an annotation without box or keypoints.
        path: of the annotation file, for messages.

    Raises:
        AnnotationError: nobody is left.

    >>> image = dict(img_path='a.jpg', width=50, height=40)
    >>> anns = [dict(id=i, image_id=7, bbox=[0, 0, 9, 9], iscrowd=i == 1) for i in (1, 2)]
    >>> infos = [annotation_record(ann, image, np.array([[3.0, 2.0, 2.0]]), '') for ann in anns]
    >>> [info['id'] for info in usable_people([*infos, None], 'a.json')]
    [2]
    """
    reasons = [_why_unusable(info) for info in infos]
    usable = [info for info, reason in zip(infos, reasons, strict=True) if reason is None]
    flat = [info['id'] for info, reason in zip(infos, reasons, strict=True) if reason is _NO_AREA]
    if flat:
        what = 'people have a box of no width or height, or outside the image,'
        _warn_left_out(f'annotation file {path!r}', what, 'annotations', flat)
    if not usable:
        counts = ', '.join(f'{n} x {reason}' for reason, n in Counter(reasons).items())
        raise AnnotationError(
            f'annotation file {path!r} has {len(infos)} annotations but no person to use ({counts}); '
            'a person needs iscrowd=0, a box with an area inside the image and a keypoint with v > 0'
        )
    return usable


def _why_unusable(info: dict | None) -> str | None:
    if info is None:
        return _NO_BOX
    if info.get('iscrowd'):
        return _CROWD
    if info.get('num_keypoints') == 0 or info['keypoints'].max() <= 0:
        return _UNLABELLED
    x1, y1, x2, y2 = info['bbox'][0]
    return None if x2 > x1 and y2 > y1 else _NO_AREA


def detection_records(
    detections: Sequence[dict],
    images: Mapping[Hashable, dict],
    num_keypoints: int,
    *,
    path: str,
    ann_file: str,
    category: Hashable = PERSON,
    skip_unknown: bool = False,
    first_id: int = 0,
) -> list[dict]:
    """Return a record for each detected person.

    Args:
        detections: see :func:`read_detections`.
        images: by id, with ``img_path``.
        num_keypoints: K of the definition.
        path: of the detections file, for messages.
        ann_file: file that the images are from, for messages.
        category: of people; a detection that says none is of one.
        skip_unknown: leave out detections of other images, unless all are.
        first_id: from which the records are numbered.

    Raises:
        AnnotationError: detections are of other images, or none is of a person.

    >>> images = {7: dict(img_path='a.jpg')}
    >>> found = [dict(image_id=7, category_id=c, bbox=[1, 2, 10, 20], score=0.9) for c in (1, 2)]
    >>> [r['bbox'].tolist() for r in detection_records(found, images, 17, path='d.json', ann_file='a.json')]
    [[[1.0, 2.0, 11.0, 22.0]]]
    """
    unknown = [i for i, det in enumerate(detections) if det['image_id'] not in images]
    if unknown and not (skip_unknown and len(unknown) < len(detections)):
        i = unknown[0]
        raise AnnotationError(
            f'detections file {path!r} is for other images: {len(unknown)} of {len(detections)} records have an '
            f'image_id that {ann_file!r} lacks, the first is record {i} with image_id '
            f'{detections[i]["image_id"]!r}. Give the detections of these images, or leave the rest out with '
            'filter_cfg=dict(skip_unknown_images=True)'
        )
    flat: list[int] = []
    infos = list(_detected(detections, images, num_keypoints, flat, category))
    for i, info in enumerate(infos, first_id):
        info['id'] = i
    if flat:
        _warn_left_out(f'detections file {path!r}', 'boxes have no width or height', 'records', flat)
    if not infos:
        raise AnnotationError(
            f'detections file {path!r} has {len(detections)} records but no usable person box (category_id '
            f'{category!r} as in {ann_file!r}, positive width and height); its categories are {_categories(detections)}'
        )
    return infos


def _detected(
    detections: Sequence[dict],
    images: Mapping[Hashable, dict],
    num_keypoints: int,
    flat: list[int],
    category: Hashable,
) -> Iterator[dict]:
    """Yield records of the detected people; the places of boxes without area go to ``flat``."""
    keypoints = np.zeros((1, num_keypoints, 2), np.float32)
    visible = np.ones((1, num_keypoints), np.float32)
    for i, det in enumerate(detections):
        image = images.get(det['image_id'])
        if det.get('category_id', category) != category or image is None:
            continue
        x, y, w, h = (float(v) for v in det['bbox'][:4])
        if w <= 0 or h <= 0:
            flat.append(i)
            continue
        info = dict(
            id=0,
            img_id=det['image_id'],
            img_path=image['img_path'],
            bbox=np.array([[x, y, x + w, y + h]], np.float32),
            bbox_score=np.array([det['score']], np.float32),
            keypoints=keypoints,
            keypoints_visible=visible,
            category_id=category,
        )
        if 'crowdIndex' in image:
            info['crowd_index'] = image['crowdIndex']
        yield info


def _categories(detections: Sequence[dict]) -> str:
    counts = Counter(det.get('category_id') for det in detections)
    return ', '.join(f'{category!r} ({n} times)' for category, n in counts.most_common(5))


def _warn_left_out(where: str, what: str, kind: str, ids: list) -> None:
    listed = ', '.join(map(str, ids[:5])) + (' ...' if len(ids) > 5 else '')
    warn_of(f'{where}: {len(ids)} {what} and are left out; {kind} {listed}')


def warn_of(message: str) -> None:
    """Warn of something that the files say and that changes which people are used."""
    warnings.warn(message, stacklevel=3)
