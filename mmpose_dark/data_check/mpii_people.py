"""The people of MPII's json, read without stopping at what is wrong with a record."""

import os
from collections.abc import Iterator

import numpy as np

from ..annotations import AnnotationError
from ..datasets.mpii_dataset import PIXELS_PER_SCALE
from ..structures import bbox_cs2xywh
from .numbers_in_files import flat, number, rows_of
from .people import ImageRecord, People
from .report import Finding, found

__all__ = ['mpii_people']

_FIELDS = ('image', 'center', 'scale', 'joints', 'joints_vis')


def mpii_people(content: object, path: str, num_keypoints: int, *, folder: str = '') -> tuple[People, list[Finding]]:
    """Return the people of MPII's json (a list of image, center, scale, joints, joints_vis).

    Args:
        content: of the file.
        path: of the file, for messages.
        num_keypoints: K of the definition.
        folder: of the images.

    Raises:
        AnnotationError: it is no list of objects.
    """
    if not isinstance(content, list) or not all(isinstance(person, dict) for person in content):
        raise AnnotationError(f'annotation file {path!r} holds no list of people (image, center, scale, joints)')
    keypoints = _keypoints(content, num_keypoints)
    center = rows_of([p.get('center') for p in content], 2)
    scale = np.array([number(p.get('scale')) for p in content], np.float64) * PIXELS_PER_SCALE
    names = [str(p.get('image')) for p in content]
    count = len(content)
    people = People(
        file=path,
        images={n: ImageRecord(n, os.path.join(folder, n), None, None) for n in dict.fromkeys(names)},
        ids=list(range(count)),
        image_ids=names,
        categories=[1] * count,
        bbox=bbox_cs2xywh(center - 1, np.stack([scale, scale], -1)),
        keypoints=keypoints,
        area=np.full(count, np.nan),
        iscrowd=np.zeros(count, bool),
        num_keypoints=np.full(count, -1),
        size_wh=np.full((count, 2), np.nan),
        boxes_made=True,
    )
    return people, list(_findings(content, keypoints, path))


def _keypoints(content: list[dict], count: int) -> np.ndarray:
    """(N, K, 3) x, y counted from 0 and visibility; NaN for a person without K finite joints."""
    joints = rows_of([flat(p.get('joints')) for p in content], 2 * count).reshape(-1, count, 2)
    visible = rows_of([p.get('joints_vis') for p in content], count)
    joints[visible == 0] = 1.0  # what stands there is no place
    keypoints = np.concatenate([joints - 1, visible[..., None]], -1).astype(np.float32)
    keypoints[np.isnan(keypoints).any((1, 2))] = np.nan
    return keypoints


def _findings(content: list[dict], keypoints: np.ndarray, path: str) -> Iterator[Finding]:
    lacking = {}
    for i, person in enumerate(content):
        missing = [field for field in _FIELDS if field not in person]
        if missing:
            lacking[i] = missing
    if lacking:
        yield found(
            'error',
            'record-incomplete',
            f'{{n}} people lack an entry; {", ".join(_FIELDS)} are needed',
            file=path,
            rows=list(lacking),
            label=lambda i: f'person {i}: no {", ".join(lacking[i])}',
        )
    broken = [i for i in np.flatnonzero(np.isnan(keypoints).any((1, 2))).tolist() if i not in lacking]
    if broken:
        message = f'{{n}} people have not {keypoints.shape[1]} joints with x and y and joints_vis, all finite'
        yield found('error', 'keypoint-count', message, file=path, rows=broken, label='person {}'.format)
