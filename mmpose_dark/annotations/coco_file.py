"""Reading COCO-style annotation and detection files, with errors that name file and record."""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from .errors import AnnotationError
from .json_file import read_json

__all__ = [
    'coco_lists',
    'finite_numbers',
    'group_by_image',
    'index_images',
    'keypoint_triplets',
    'read_coco',
    'read_detections',
    'require_fields',
]

_DETECTION = ('image_id', 'category_id', 'bbox', 'score')


def read_coco(
    path: str, *, hint: str = '', annotated: bool = True, backend_args: dict | None = None
) -> tuple[list[dict], list[dict]]:
    """Read the images and the annotations of a COCO-style file.

    Args:
        path: of the annotation file.
        hint: appended to the error when there is no such file.
        annotated: whether there must be annotations; the files of public test sets have images only.
        backend_args: of mmengine's file backend.

    Returns:
        ``images`` and ``annotations``, each record with an ``id``.

    Raises:
        AnnotationError: see :func:`read_json`; or one of the two lists is missing or not a list of records.
    """
    where = f'annotation file {str(path)!r}'
    content = coco_lists(read_json(path, hint=hint, backend_args=backend_args), where, annotated=annotated)
    for key in ('images', 'annotations'):
        for i, record in enumerate(content[key]):
            if 'id' not in record:
                raise AnnotationError(f"{where}: {key}[{i}] has no 'id': {str(record)[:80]}")
    return content['images'], content['annotations']


def coco_lists(content: object, where: str, *, annotated: bool = True) -> dict:
    """Check the outermost form of COCO-style content: the lists ``images`` and ``annotations``, of records.

    Args:
        content: of the file.
        where: how errors call it.
        annotated: whether there must be annotations; an empty list stands for them otherwise.

    Returns:
        The content; a copy where the empty list was added.

    Raises:
        AnnotationError: it is no object, or has no such lists, or one holds something else than objects.

    >>> sorted(coco_lists(dict(images=[dict(id=1)]), 'the file', annotated=False))
    ['annotations', 'images']
    """
    if not isinstance(content, dict):
        raise AnnotationError(
            f'{where} holds a {type(content).__name__}; COCO style is an object with '
            "'images', 'annotations' and 'categories' (a list of boxes belongs in bbox_file)"
        )
    if not annotated:
        content = {'annotations': [], **content}
    for key in ('images', 'annotations'):
        if not isinstance(content.get(key), list):
            raise AnnotationError(
                f'{where} has no list {key!r}, only {sorted(map(str, content))}; COCO style needs '
                "'images', 'annotations' and 'categories'"
            )
        for i, record in enumerate(content[key]):
            if not isinstance(record, dict):
                raise AnnotationError(f"{where}: {key}[{i}] has no 'id' and is no object: {str(record)[:80]}")
    return content


def index_images(images: Sequence[dict], path: str) -> dict[Hashable, dict]:
    """Map image ids to their records.

    Args:
        images: COCO image records.
        path: of the annotation file, for errors.

    Raises:
        AnnotationError: an id comes twice, or a record lacks file_name, width or height.

    >>> list(index_images([dict(id=7, file_name='a.jpg', width=4, height=3)], 'a.json'))
    [7]
    """
    by_id: dict[Hashable, dict] = {}
    for image in images:
        for key in ('file_name', 'width', 'height'):
            if key not in image:
                raise AnnotationError(
                    f'annotation file {path!r}: image {image["id"]} has no {key!r}; every image needs id, '
                    'file_name, width and height'
                )
        if image['id'] in by_id:
            raise AnnotationError(f'annotation file {path!r}: two images have the id {image["id"]}; ids must differ')
        by_id[image['id']] = image
    return by_id


def group_by_image(
    annotations: Sequence[dict], images: Mapping[Hashable, dict], path: str
) -> dict[Hashable, list[dict]]:
    """Group annotations by their image, in the order of the images; an image without any has an empty list.

    Args:
        annotations: COCO annotation records.
        images: by id, see :func:`index_images`.
        path: of the annotation file, for errors.

    Raises:
        AnnotationError: an annotation points to an image that is not there.

    >>> group_by_image([dict(id=1, image_id=7)], {7: {}, 8: {}}, 'a.json')
    {7: [{'id': 1, 'image_id': 7}], 8: []}
    """
    by_image: dict[Hashable, list[dict]] = {image_id: [] for image_id in images}
    for ann in annotations:
        image_id = ann.get('image_id')
        if image_id not in by_image:
            raise AnnotationError(
                f'annotation file {path!r}: annotation {ann["id"]} points to image_id {image_id!r}, which is not '
                f'among the {len(images)} images; add the image or remove the annotation'
            )
        by_image[image_id].append(ann)
    return by_image


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


def read_detections(path: str, *, backend_args: dict | None = None) -> list[dict]:
    """Read person detections: a list of image_id, category_id, bbox (x, y, width, height) and score.

    Raises:
        AnnotationError: see :func:`read_json`; or it is not such a list, or a box or score is not finite.
    """
    file = f'detections file {str(path)!r}'
    content = require_fields(read_json(path, what='detections file', backend_args=backend_args), _DETECTION, file)
    for i, det in enumerate(content):
        where = f'{file}: record {i} (image {det["image_id"]})'
        if not isinstance(det['bbox'], list) or len(det['bbox']) < 4:
            raise AnnotationError(f'{where} has bbox {det["bbox"]}; x, y, width, height are needed')
        finite_numbers(det['bbox'][:4], f'{where}: bbox')
        finite_numbers([det['score']], f'{where}: score')
    return content


def finite_numbers(values: Sequence, where: str) -> np.ndarray:
    """Return numbers as a float32 array.

    Args:
        values: numbers, nested to any depth.
        where: they stand, for the error.

    Returns:
        Array of the shape of ``values``.

    Raises:
        AnnotationError: one is not a number, or not finite.

    >>> finite_numbers([1, 2.5], 'bbox').tolist()
    [1.0, 2.5]
    """
    try:
        array = np.array(values, np.float32)
    except (TypeError, ValueError) as err:
        raise AnnotationError(f'{where} is {str(values)[:80]}, numbers are needed') from err
    if not np.isfinite(array).all():
        raise AnnotationError(f'{where} is {str(values)[:80]}; NaN and infinity are no coordinates: correct the record')
    return array


def keypoint_triplets(values: Sequence[float], count: int, where: str, *, definition: str) -> np.ndarray:
    """Return the keypoints of one annotation.

    Args:
        values: x, y and visibility of each, one after the other.
        count: K of the definition.
        where: they stand, for the error.
        definition: name of the definition, for the error.

    Returns:
        (K, 3) float32: x, y in pixels, visibility.

    Raises:
        AnnotationError: there are not 3 K of them, or one is not finite.

    >>> keypoint_triplets([4, 5, 2], 1, 'annotation 3', definition='noses').tolist()
    [[4.0, 5.0, 2.0]]
    """
    if len(values) != 3 * count:
        raise AnnotationError(
            f'{where} has {len(values)} numbers; the definition {definition!r} has {count} '
            f'keypoints, so {3 * count} (x, y, visibility each) are needed. Use the definition that belongs to '
            "this file (metainfo=dict(from_file='...')), or correct the record"
        )
    return finite_numbers(values, where).reshape(count, 3)
