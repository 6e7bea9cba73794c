"""Reading COCO-style annotation files: every field in its normal form, with errors that name file and record."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from . import fields
from .categories import default_category, normal_categories
from .errors import AnnotationError
from .json_file import read_json
from .normal_records import normal_records

__all__ = [
    'CocoContent',
    'coco_lists',
    'finite_numbers',
    'group_by_image',
    'index_images',
    'keypoint_triplets',
    'normal_coco',
    'read_coco',
]

_IMAGE = dict(
    id=fields.record_id, file_name=fields.file_name, width=fields.size, height=fields.size, crowdIndex=fields.number
)
_ANNOTATION = dict(
    image_id=fields.record_id,
    category_id=fields.category,
    iscrowd=fields.flag,
    num_keypoints=fields.count,
    area=fields.number,
    bbox=fields.box,
    keypoints=fields.coordinates,
    foot_kpts=fields.coordinates,
    face_kpts=fields.coordinates,
    lefthand_kpts=fields.coordinates,
    righthand_kpts=fields.coordinates,
    bbox_head=fields.box,
    track_id=fields.record_id,
)


class CocoContent(NamedTuple):
    """What a COCO-style file says, every field in its normal form: null is the same as absent.

    Attributes:
        images: each has an ``id`` that no other has; ``file_name``, ``width`` and ``height`` where they are given.
        annotations: each has an ``id`` that no other has (its number, counted from 1, where the file's ids repeat or
            are missing), ``image_id`` of an image there is, and ``category_id`` of a category there is; the rest where
            it is given: ``bbox`` four numbers, ``keypoints`` a list of numbers, ``iscrowd`` 0 or 1, ``num_keypoints``
            and ``area`` numbers.
        categories: each has an ``id``; one at least.
        renumbered: why the annotations have other ids than in the file; empty if they have those.
    """

    images: list[dict]
    annotations: list[dict]
    categories: list[dict]
    renumbered: str = ''


def read_coco(path: str, *, hint: str = '', annotated: bool = True, backend_args: dict | None = None) -> CocoContent:
    """Read a COCO-style file.

    Args:
        path: of the annotation file.
        hint: appended to the error when there is no such file.
        annotated: whether there must be annotations; the files of public test sets have images only.
        backend_args: of mmengine's file backend.

    Raises:
        AnnotationError: see :func:`read_json` and :func:`normal_coco`.
    """
    content = read_json(path, hint=hint, backend_args=backend_args)
    return normal_coco(content, f'annotation file {str(path)!r}', annotated=annotated)


def normal_coco(content: object, where: str, *, annotated: bool = True) -> CocoContent:
    """Return COCO-style content with every field in its normal form; the content given is not changed.

    Args:
        content: of the file.
        where: how errors call it.
        annotated: see :func:`read_coco`.

    Raises:
        AnnotationError: a list is missing, an image has no id or one that another has, a field holds what it may not,
            or an annotation is of no image or category that is there.

    >>> person = dict(image_id=7, iscrowd='0', num_keypoints=None, bbox=[1, 2, 3, 4])
    >>> content = normal_coco(dict(images=[dict(id=7)], annotations=[person], categories=None), 'the file')
    >>> content.annotations
    [{'image_id': 7, 'iscrowd': 0, 'bbox': [1, 2, 3, 4], 'id': 1, 'category_id': 1}]
    """
    lists = coco_lists(content, where, annotated=annotated)
    images = normal_records(lists['images'], _IMAGE, _label(where, 'images', 'image'))
    _require_ids(images, where)
    annotations = normal_records(lists['annotations'], _ANNOTATION, _label(where, 'annotations', 'annotation'))
    annotations, renumbered = _with_ids(annotations)
    known = {image['id'] for image in images}
    for ann in annotations:
        if ann.get('image_id') not in known:
            _refuse_image(ann, known, where)
    categories = normal_categories(lists.get('categories'), annotations, where)
    return CocoContent(images, _with_categories(annotations, categories, where), categories, renumbered)


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
    if not annotated and content.get('annotations') is None:
        content = {**content, 'annotations': []}
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


def _label(where: str, key: str, kind: str) -> Callable[[int, dict], str]:
    def label(i: int, record: dict) -> str:
        own = record.get('id')
        return f'{where}: {kind} {own}' if isinstance(own, int | str) else f'{where}: {key}[{i}]'

    return label


def _require_ids(images: Sequence[dict], where: str) -> None:
    seen: set[Hashable] = set()
    for i, image in enumerate(images):
        if 'id' not in image:
            raise AnnotationError(f"{where}: images[{i}] has no 'id' that is not null: {str(image)[:80]}")
        if image['id'] in seen:
            raise AnnotationError(f'{where}: two images have the id {image["id"]}; ids must differ')
        seen.add(image['id'])


def _with_ids(annotations: list[dict]) -> tuple[list[dict], str]:
    """Annotations with ids of their own, and why these are others than in the file.

    Nothing points to an annotation, so where the file's ids are of no use a number is as good.
    """
    ids = [ann.get('id') for ann in annotations]
    wrong = [i for i in ids if not _is_id(i)]
    if not wrong and len(set(ids)) == len(ids):
        return annotations, ''
    if wrong:
        reason = f'{len(wrong)} of {len(ids)} annotations have no id that is a whole number or text'
    else:
        counts = Counter(ids)
        several = [f'{i!r} ({n} times)' for i, n in counts.most_common(3) if n > 1]
        more = sum(n > 1 for n in counts.values()) - len(several)
        reason = f'annotation ids repeat: {", ".join(several)}' + (f' and {more} more' if more else '')
    return [{**ann, 'id': i} for i, ann in enumerate(annotations, 1)], reason


def _is_id(value: object) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) <= fields.GREATEST_ID
    return isinstance(value, str)


def _refuse_image(ann: dict, known: set, where: str) -> None:
    image_id = ann.get('image_id')
    hint = 'add the image or remove the annotation'
    if str(image_id) in set(map(str, known)):
        hint = 'the ids are numbers in one list and text in the other: write them alike'
    raise AnnotationError(
        f'{where}: annotation {ann["id"]} points to image_id {image_id!r}, which is not '
        f'among the {len(known)} images; {hint}'
    )


def _with_categories(annotations: list[dict], categories: Sequence[dict], where: str) -> list[dict]:
    known = {category['id'] for category in categories}
    out = list(annotations)
    for i, ann in enumerate(annotations):
        if 'category_id' not in ann:
            out[i] = {**ann, 'category_id': default_category(categories, f'{where}: annotation {ann["id"]}')}
        elif ann['category_id'] not in known:
            raise AnnotationError(
                f'{where}: annotation {ann["id"]} is of category {ann["category_id"]!r}, which is not among the '
                f"file's 'categories' ({', '.join(map(repr, sorted(known, key=str)[:5]))}); evaluation programs would "
                'leave it out: add the category, or correct the annotation'
            )
    return out


def index_images(images: Sequence[dict], path: str) -> dict[Hashable, dict]:
    """Map image ids to their records.

    Args:
        images: COCO image records, see :class:`CocoContent`.
        path: of the annotation file, for errors.

    Raises:
        AnnotationError: an id comes twice, or a record lacks file_name, width or height.

    >>> list(index_images([dict(id=7, file_name='a.jpg', width=4, height=3)], 'a.json'))
    [7]
    """
    by_id: dict[Hashable, dict] = {}
    for image in images:
        for key in ('file_name', 'width', 'height'):
            if image.get(key) is None:
                raise AnnotationError(
                    f'annotation file {path!r}: image {image["id"]} has no {key!r} that is not null; every image needs '
                    'id, file_name, width and height'
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
            _refuse_image(ann, set(by_image), f'annotation file {path!r}')
        by_image[image_id].append(ann)
    return by_image


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
        with np.errstate(over='ignore'):
            array = np.array(values, np.float32)
    except (TypeError, ValueError, OverflowError) as err:
        raise AnnotationError(f'{where} is {str(values)[:80]}, numbers are needed') from err
    if not np.isfinite(array).all():
        raise AnnotationError(f'{where} is {str(values)[:80]}; NaN and infinity are no coordinates: correct the record')
    return array


def keypoint_triplets(values: Sequence[float], count: int, where: str, *, definition: str) -> np.ndarray:
    """Return the keypoints of one annotation.

    Args:
        values: x, y and visibility of each, one after the other; none at all where no keypoint is labelled.
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
    if not len(values):
        return np.zeros((count, 3), np.float32)
    if len(values) != 3 * count:
        raise AnnotationError(
            f'{where} has {len(values)} numbers; the definition {definition!r} has {count} '
            f'keypoints, so {3 * count} (x, y, visibility each) are needed. Use the definition that belongs to '
            "this file (metainfo=dict(from_file='...')), or correct the record"
        )
    return finite_numbers(values, where).reshape(count, 3)
