"""Reading files of detections and of results: lists of records that say in which image something was found."""

from collections.abc import Mapping, Sequence

from . import fields
from .errors import AnnotationError
from .fields import Reader
from .json_file import read_json
from .normal_records import normal_records

__all__ = ['DETECTION_FIELDS', 'RESULT_FIELDS', 'normal_list', 'read_detections', 'require_fields']

DETECTION_FIELDS = dict(
    image_id=fields.record_id,
    category_id=fields.category,
    bbox=fields.coordinates,
    score=fields.number,
    file_name=fields.file_name,
)
RESULT_FIELDS = dict(
    image_id=fields.record_id,
    category_id=fields.category,
    bbox=fields.coordinates,
    score=fields.number,
    track_id=fields.record_id,
    keypoints=fields.coordinates,
    foot_kpts=fields.coordinates,
    face_kpts=fields.coordinates,
    lefthand_kpts=fields.coordinates,
    righthand_kpts=fields.coordinates,
    foot_score=fields.number,
    face_score=fields.number,
    lefthand_score=fields.number,
    righthand_score=fields.number,
    wholebody_score=fields.number,
)


def read_detections(path: str, *, backend_args: dict | None = None) -> list[dict]:
    """Read person detections: a list of image_id, bbox (x, y, width, height), score and, where given, category_id.

    Raises:
        AnnotationError: see :func:`read_json`; or it is not such a list, or a field holds what it may not.
    """
    where = f'detections file {str(path)!r}'
    content = read_json(path, what='detections file', backend_args=backend_args)
    found = normal_list(content, ('image_id', 'bbox', 'score'), DETECTION_FIELDS, where)
    for i, detection in enumerate(found):
        if len(detection['bbox']) < 4:
            raise AnnotationError(
                f'{_label(where, i, detection)} has bbox {detection["bbox"]}; x, y, width, height are needed'
            )
    return found


def normal_list(records: object, required: Sequence[str], readers: Mapping[str, Reader], where: str) -> list[dict]:
    """Return a list of records whose fields are in their normal form.

    Args:
        records: content of a file.
        required: fields that each record needs, not null.
        readers: see :func:`normal_records`.
        where: how errors call the file.

    Raises:
        AnnotationError: it is no list of objects, one lacks a field, or a field holds what it may not.

    >>> normal_list([dict(score='0.5', bbox=None)], ('score',), RESULT_FIELDS, 'results')
    [{'score': 0.5}]
    """
    require_fields(records, required, where)
    found = normal_records(records, readers, lambda i, record: _label(where, i, record))
    for i, record in enumerate(found):
        lacking = next((field for field in required if field not in record), None)
        if lacking is not None:
            raise AnnotationError(f'{_label(where, i, record)} has {lacking} None; it is needed')
    return found


def require_fields(records: object, fields: Sequence[str], where: str) -> list[dict]:
    """Check that ``records`` is a list of objects that have all of ``fields``.

    Args:
        records: content of a detections or results file.
        fields: that each record needs.
        where: how errors call the file.

    Returns:
        The same list.

    Raises:
        AnnotationError: it is no list of objects, or one lacks a field.

    >>> require_fields([dict(score=1.0)], ('score',), 'results')
    [{'score': 1.0}]
    """
    if not isinstance(records, list):
        raise AnnotationError(
            f'{where} holds a {type(records).__name__}; a list of objects with {", ".join(fields)} is needed'
        )
    for i, record in enumerate(records):
        if not isinstance(record, dict):
            raise AnnotationError(f'{where}: record {i} is no object: {str(record)[:80]}')
        for field in fields:
            if field not in record:
                raise AnnotationError(
                    f'{where}: record {i} has no {field!r}, only {sorted(map(str, record))}: {str(record)[:100]}'
                )
    return records


def _label(where: str, i: int, record: Mapping[str, object]) -> str:
    return f'{where}: record {i} (image {str(record.get("image_id"))[:40]})'
