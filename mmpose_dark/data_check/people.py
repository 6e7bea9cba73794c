"""The people of an annotation file as arrays, read without stopping at what is wrong with a record."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..annotations import read_json
from ..datasets.errors import AnnotationError
from ..structures import bbox_cs2xywh
from .pictures import Picture
from .report import Finding, found

__all__ = ['ImageRecord', 'People', 'coco_people', 'mpii_people', 'read_annotations']

_MPII_PIXELS_PER_SCALE = 200.0


@dataclasses.dataclass(frozen=True)
class ImageRecord:
    """What an annotation file says about a picture.

    Attributes:
        name: of the file.
        path: name with the folder.
        width: in pixels; NaN or None where it is not said.
        height: the same.
        crowd_index: of CrowdPose, None where there is none.
    """

    name: str
    path: str
    width: float | None
    height: float | None
    crowd_index: float | None = None


@dataclasses.dataclass
class People:
    """Annotated people; N of them with K keypoints.

    Attributes:
        file: where they are from.
        images: the pictures by id.
        ids: (N,) of the annotations.
        image_ids: (N,) id of the picture.
        categories: (N,) category id, None where there is none.
        bbox: (N, 4) left, top, width, height in pixels; NaN where there is no box of four finite numbers.
        keypoints: (N, K, 3) x, y in pixels and visibility; NaN where there are not K finite triplets.
        area: (N,) square pixels; NaN where there is none.
        iscrowd: (N,) boolean.
        num_keypoints: (N,) as annotated; -1 where there is none.
        size_wh: (N, 2) width and height of the picture in pixels; NaN where unknown.
        boxes_made: whether the boxes are not annotated but made of centre and scale (MPII).
    """

    file: str
    images: dict[Any, ImageRecord]
    ids: list
    image_ids: list
    categories: list
    bbox: np.ndarray
    keypoints: np.ndarray
    area: np.ndarray
    iscrowd: np.ndarray
    num_keypoints: np.ndarray
    size_wh: np.ndarray
    boxes_made: bool = False

    def __len__(self) -> int:
        return len(self.ids)

    def label(self, i: int) -> str:
        """Name a record for a message."""
        image = self.images.get(self.image_ids[i])
        name = f', {image.name}' if image else ''
        return f'annotation {self.ids[i]} (image {self.image_ids[i]}{name})'

    def learn_sizes(self, pictures: Mapping[str, Picture], *, ignore_orientation: bool = False) -> None:
        """Take the sizes of pictures that were read where the file does not say them (MPII)."""
        for i, image_id in enumerate(self.image_ids):
            record = self.images.get(image_id)
            picture = pictures.get(record.path) if record else None
            if picture and picture.size_wh and np.isnan(self.size_wh[i]).any():
                self.size_wh[i] = picture.stored_wh if ignore_orientation else picture.size_wh

    @property
    def labelled(self) -> np.ndarray:
        """(N, K) whether a keypoint is labelled."""
        return np.nan_to_num(self.keypoints[..., 2]) > 0

    @property
    def valid(self) -> np.ndarray:
        """(N,) people to learn from or to find: no crowd region, a labelled keypoint, a box with an area."""
        return ~self.iscrowd & self.labelled.any(1) & (np.nan_to_num(self.bbox[:, 2:]) > 0).all(1)


def read_annotations(path: str, *, hint: str = '', backend_args: dict | None = None, bare: bool = False) -> dict:
    """Read a COCO-style file and look only at its outermost form.

    Args:
        path: of the file.
        hint: appended to the error when there is no such file.
        backend_args: of mmengine's file backend.
        bare: the file may be a list of images without annotations, as COCO's test sets are.

    Raises:
        AnnotationError: no such file, not JSON, or not lists of records in images and annotations.
    """
    content = read_json(path, hint=hint, backend_args=backend_args)
    if not isinstance(content, dict):
        raise AnnotationError(
            f'annotation file {path!r} holds a {type(content).__name__}; COCO style is an object with '
            "'images', 'annotations' and 'categories'"
        )
    for key in ('images', 'annotations'):
        if key == 'annotations' and bare:
            content.setdefault(key, [])
        records = content.get(key)
        if not isinstance(records, list):
            raise AnnotationError(f'annotation file {path!r} has no list {key!r}, only {sorted(content)}')
        broken = next((i for i, record in enumerate(records) if not isinstance(record, dict)), None)
        if broken is not None:
            raise AnnotationError(
                f'annotation file {path!r}: {key}[{broken}] is {str(records[broken])[:60]}, no object'
            )
    return content


def coco_people(
    content: dict, path: str, num_keypoints: int, *, folder: str = '', parts: Sequence[tuple[str, int]] = ()
) -> tuple[People, list[Finding]]:
    """Return the people of COCO-style content, and what is wrong with single records.

    Args:
        content: see :func:`read_annotations`.
        path: of the file, for messages.
        num_keypoints: K of the definition.
        folder: of the images.
        parts: entry and number of keypoints of each part, where the K keypoints are in several entries.
    """
    parts = parts or (('keypoints', num_keypoints),)
    images = {
        image.get('id'): ImageRecord(
            str(image.get('file_name')),
            os.path.join(folder, str(image.get('file_name'))),
            _number(image.get('width')),
            _number(image.get('height')),
            image.get('crowdIndex'),
        )
        for image in content['images']
    }
    annotations = content['annotations']
    no_size = ImageRecord('', '', None, None)
    pictures = [images.get(_hashable(ann.get('image_id')), no_size) for ann in annotations]
    rows, wrong_count, not_finite = _keypoint_rows(annotations, parts)
    boxes = _rows([ann.get('bbox') for ann in annotations], 4)
    people = People(
        file=path,
        images=images,
        ids=[ann.get('id') for ann in annotations],
        image_ids=[_hashable(ann.get('image_id')) for ann in annotations],
        categories=[ann.get('category_id') for ann in annotations],
        bbox=boxes,
        keypoints=rows,
        area=np.array([_number(ann.get('area')) for ann in annotations], np.float64),
        iscrowd=np.array([bool(ann.get('iscrowd', 0)) for ann in annotations], bool),
        num_keypoints=np.array([_integer(ann.get('num_keypoints')) for ann in annotations], np.int64),
        size_wh=np.array([(p.width, p.height) for p in pictures], np.float64).reshape(-1, 2),
    )
    no_box = [i for i in np.flatnonzero(np.isnan(boxes).any(1)) if not people.iscrowd[i]]
    findings = []
    if wrong_count:
        numbers = ' + '.join(f'{3 * count} in {name!r}' for name, count in parts)
        message = (
            f'{{n}} annotations have not the numbers that the definition of {num_keypoints} keypoints asks for '
            f'({numbers}: x, y, visibility each); use the definition that belongs to the file'
        )
        findings.append(
            found(
                'error',
                'keypoint-count',
                message,
                file=path,
                rows=list(wrong_count),
                label=lambda i: f'{people.label(i)}: {wrong_count[i]}',
            )
        )
    if not_finite:
        message = '{n} annotations have keypoints that are no finite numbers; correct or remove them'
        findings.append(found('error', 'keypoint-numbers', message, file=path, rows=not_finite, label=people.label))
    if no_box:
        all_lack = len(no_box) == int((~people.iscrowd).sum())
        findings.append(
            found(
                'error' if all_lack else 'warning',
                'box-missing',
                '{n} annotations have no box of four finite numbers; they are left out or refused',
                file=path,
                rows=no_box,
                label=people.label,
            )
        )
    return people, findings


def mpii_people(content: Any, path: str, num_keypoints: int, *, folder: str = '') -> tuple[People, list[Finding]]:
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
    findings, lacking = [], []
    keys = ('image', 'center', 'scale', 'joints', 'joints_vis')
    for i, person in enumerate(content):
        missing = [key for key in keys if key not in person]
        if missing:
            lacking.append((i, missing))
    if lacking:
        findings.append(
            found(
                'error',
                'record-incomplete',
                f'{{n}} people lack an entry; {", ".join(keys)} are needed',
                file=path,
                rows=lacking,
                label=lambda row: f'person {row[0]}: no {", ".join(row[1])}',
            )
        )
    joints = _rows([_flat(p.get('joints')) for p in content], 2 * num_keypoints).reshape(-1, num_keypoints, 2)
    visible = _rows([p.get('joints_vis') for p in content], num_keypoints)
    joints[visible == 0] = 1.0  # what stands there is no place
    keypoints = np.concatenate([joints - 1, visible[..., None]], -1).astype(np.float32)
    keypoints[np.isnan(keypoints).any((1, 2))] = np.nan
    broken = [i for i in np.flatnonzero(np.isnan(keypoints).any((1, 2))) if i not in {row for row, _ in lacking}]
    if broken:
        message = f'{{n}} people have not {num_keypoints} joints with x and y and joints_vis, all finite'
        findings.append(found('error', 'keypoint-count', message, file=path, rows=broken, label='person {}'.format))
    center = _rows([p.get('center') for p in content], 2)
    scale = np.array([_number(p.get('scale')) for p in content], np.float64) * _MPII_PIXELS_PER_SCALE
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
    return people, findings


def _keypoint_rows(annotations: list[dict], parts: Sequence[tuple[str, int]]) -> tuple[np.ndarray, dict, list]:
    """Keypoints (N, K, 3), what is wrong with the number of values by row, and rows with values that are not finite."""
    total = sum(count for _, count in parts)
    out = np.full((len(annotations), 3 * total), np.nan, np.float32)
    wrong: dict[int, str] = {}
    bad = []
    for i, ann in enumerate(annotations):
        values: list = []
        for name, count in parts:
            part = ann.get(name)
            size = len(part) if isinstance(part, list) else None
            if size != 3 * count:
                wrong[i] = f'{name!r} has {size} numbers' if size is not None else f'no {name!r}'
                break
            values += part
        else:
            try:
                out[i] = values
            except (TypeError, ValueError):
                bad.append(i)
                continue
            if not np.isfinite(out[i]).all():
                out[i] = np.nan
                bad.append(i)
    # A region that stands for a crowd needs none.
    wrong = {i: text for i, text in wrong.items() if not annotations[i].get('iscrowd')}
    return out.reshape(-1, total, 3), wrong, bad


def _rows(values: list, length: int) -> np.ndarray:
    out = np.full((len(values), length), np.nan)
    for i, row in enumerate(values):
        try:
            if row is not None and len(row) == length:
                out[i] = row
        except (TypeError, ValueError):
            continue
    out[~np.isfinite(out).all(1)] = np.nan
    return out


def _flat(joints: Any) -> list | None:
    try:
        return [value for point in joints for value in point]
    except TypeError:
        return None


def _number(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value):
        return float(value)
    return np.nan


def _integer(value: Any) -> int:
    number = _number(value)
    return -1 if np.isnan(number) else int(number)


def _hashable(value: Any) -> Any:
    return str(value) if isinstance(value, list | dict) else value
