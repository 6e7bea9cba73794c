"""The people of a COCO-style file, read without stopping at what is wrong with a record."""

import os
from collections.abc import Iterator, Sequence

import numpy as np

from ..annotations import coco_lists, read_json
from .numbers_in_files import hashable, integer, number, rows_of
from .people import ImageRecord, People
from .report import Finding, found

__all__ = ['coco_people', 'read_annotations']


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
    return coco_lists(content, f'annotation file {path!r}', annotated=not bare)


def coco_people(
    content: dict,
    path: str,
    num_keypoints: int,
    *,
    folder: str = '',
    parts: Sequence[tuple[str, int]] = (),
    boxes_needed: bool = False,
) -> tuple[People, list[Finding]]:
    """Return the people of COCO-style content, and what is wrong with single records.

    Args:
        content: see :func:`read_annotations`.
        path: of the file, for messages.
        num_keypoints: K of the definition.
        folder: of the images.
        parts: entry and number of keypoints of each part, where the K keypoints are in several entries.
        boxes_needed: whether a labelled person without a box is refused, as an evaluation does.
    """
    parts = parts or (('keypoints', num_keypoints),)
    images = {
        hashable(image.get('id')): ImageRecord(
            str(image.get('file_name')),
            os.path.join(folder, str(image.get('file_name'))),
            number(image.get('width')),
            number(image.get('height')),
            image.get('crowdIndex'),
        )
        for image in content['images']
    }
    annotations = content['annotations']
    no_size = ImageRecord('', '', None, None)
    of_image = [images.get(hashable(ann.get('image_id')), no_size) for ann in annotations]
    rows, wrong_count, not_finite = _keypoint_rows(annotations, parts)
    people = People(
        file=path,
        images=images,
        ids=[ann.get('id') for ann in annotations],
        image_ids=[hashable(ann.get('image_id')) for ann in annotations],
        categories=[ann.get('category_id') for ann in annotations],
        bbox=rows_of([ann.get('bbox') for ann in annotations], 4),
        keypoints=rows,
        area=np.array([number(ann.get('area')) for ann in annotations], np.float64),
        iscrowd=np.array([bool(ann.get('iscrowd', 0)) for ann in annotations], bool),
        num_keypoints=np.array([integer(ann.get('num_keypoints')) for ann in annotations], np.int64),
        size_wh=np.array([(p.width, p.height) for p in of_image], np.float64).reshape(-1, 2),
    )
    findings = _keypoint_findings(people, parts, wrong_count, not_finite)
    return people, [*findings, *_box_findings(people, needed=boxes_needed)]


def _keypoint_findings(
    people: People, parts: Sequence[tuple[str, int]], wrong_count: dict[int, str], not_finite: list[int]
) -> Iterator[Finding]:
    if wrong_count:
        total = sum(count for _, count in parts)
        listed = ' + '.join(f'{3 * count} in {name!r}' for name, count in parts)
        yield found(
            'error',
            'keypoint-count',
            f'{{n}} annotations have not the numbers that the definition of {total} keypoints asks for '
            f'({listed}: x, y, visibility each); use the definition that belongs to the file',
            file=people.file,
            rows=list(wrong_count),
            label=lambda i: f'{people.label(i)}: {wrong_count[i]}',
        )
    if not_finite:
        message = '{n} annotations have keypoints that are no finite numbers; correct or remove them'
        yield found('error', 'keypoint-numbers', message, file=people.file, rows=not_finite, label=people.label)


def _box_findings(people: People, *, needed: bool) -> Iterator[Finding]:
    counts = ~people.iscrowd & people.labelled.any(1)
    no_box = np.flatnonzero(np.isnan(people.bbox).any(1) & counts)
    if len(no_box):
        refused = needed or len(no_box) == int(counts.sum())
        message = '{n} labelled people have no box of four finite numbers; ' + (
            'an evaluation refuses them' if refused else 'they are left out'
        )
        severity = 'error' if refused else 'warning'
        yield found(severity, 'box-missing', message, file=people.file, rows=no_box, label=people.label)


def _keypoint_rows(annotations: list[dict], parts: Sequence[tuple[str, int]]) -> tuple[np.ndarray, dict, list]:
    """Keypoints (N, K, 3), what is wrong with the number of values by row, and rows with values that are not finite."""
    total = sum(count for _, count in parts)
    out = np.full((len(annotations), 3 * total), np.nan, np.float32)
    wrong: dict[int, str] = {}
    bad = []
    for i, ann in enumerate(annotations):
        values: list = []
        if ann.get(parts[0][0]) in (None, []):  # nothing is annotated
            out[i] = 0
            continue
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
