"""Reading COCO-style annotation and detection files, with errors that name file and record."""

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine import fileio

from .errors import AnnotationError

__all__ = ['finite_numbers', 'index_images', 'read_coco', 'read_detections', 'read_json']


def read_json(path: str, *, what: str = 'annotation file', hint: str = '', backend_args: dict | None = None) -> Any:
    """Read a JSON file.

    Args:
        path: of the file, local or of any mmengine file backend.
        what: how errors call the file.
        hint: appended to the error when there is no such file, for example the layout expected.
        backend_args: of mmengine's file backend.

    Raises:
        AnnotationError: no such file, not readable, or not JSON (cut off, for example).
    """
    try:
        content = fileio.get(path, backend_args=backend_args)
    except FileNotFoundError as err:
        # A backend's own message says where it has looked.
        looked = f'looked from {os.getcwd()}' if err.strerror else str(err)
        raise AnnotationError(f'{what} {path!r} does not exist ({looked}).{hint}') from err
    except IsADirectoryError as err:
        raise AnnotationError(f'{what} {path!r} is a folder, a file is needed.{hint}') from err
    except OSError as err:
        raise AnnotationError(f'{what} {path!r} cannot be read: {err}') from err
    try:
        return json.loads(content)
    except ValueError as err:  # JSONDecodeError and UnicodeDecodeError
        at = f'; it ends after {len(content)} bytes, so it is probably cut off' if _cut_off(err, content) else ''
        raise AnnotationError(f'{what} {path!r} is not valid JSON: {err}{at}. Get or write it anew.') from err


def _cut_off(err: ValueError, content: bytes) -> bool:
    return not content.strip() or content.rstrip()[-1:] not in (b'}', b']')


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
        ``images`` and ``annotations``.

    Raises:
        AnnotationError: see :func:`read_json`; or one of the two lists is missing or not a list of records.
    """
    content = read_json(path, hint=hint, backend_args=backend_args)
    if not isinstance(content, dict):
        raise AnnotationError(
            f'annotation file {path!r} holds a {type(content).__name__}; COCO style is an object with '
            "'images', 'annotations' and 'categories' (a list of boxes belongs in bbox_file)"
        )
    if not annotated:
        content = {'annotations': [], **content}
    for key in ('images', 'annotations'):
        if not isinstance(content.get(key), list):
            raise AnnotationError(
                f'annotation file {path!r} has no list {key!r}, only {sorted(content)}; COCO style needs '
                "'images', 'annotations' and 'categories'"
            )
        for i, record in enumerate(content[key]):
            if not isinstance(record, dict) or 'id' not in record:
                raise AnnotationError(f"annotation file {path!r}: {key}[{i}] has no 'id': {str(record)[:80]}")
    return content['images'], content['annotations']


def index_images(images: Sequence[dict], path: str) -> dict[Any, dict]:
    """Map image ids to their records.

    Args:
        images: COCO image records.
        path: of the annotation file, for errors.

    Raises:
        AnnotationError: an id comes twice, or a record lacks file_name, width or height.
    """
    by_id: dict[Any, dict] = {}
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


def read_detections(path: str, *, backend_args: dict | None = None) -> list[dict]:
    """Read person detections: a list of image_id, category_id, bbox (x, y, width, height) and score.

    Raises:
        AnnotationError: see :func:`read_json`; or it is not such a list, or a box or score is not finite.
    """
    content = read_json(path, what='detections file', backend_args=backend_args)
    if not isinstance(content, list):
        raise AnnotationError(
            f'detections file {path!r} holds a {type(content).__name__}; a list of dict(image_id, category_id, '
            'bbox=[x, y, width, height], score) is needed'
        )
    for i, det in enumerate(content):
        missing = [k for k in ('image_id', 'category_id', 'bbox', 'score') if k not in det]
        if missing:
            raise AnnotationError(f'detections file {path!r}: record {i} has no {missing[0]!r}: {str(det)[:100]}')
        where = f'detections file {path!r}: record {i} (image {det["image_id"]})'
        if len(det['bbox']) < 4:
            raise AnnotationError(f'{where} has bbox {det["bbox"]}; x, y, width, height are needed')
        finite_numbers(det['bbox'][:4], f'{where}: bbox')
        finite_numbers([det['score']], f'{where}: score')
    return content


def finite_numbers(values: Sequence[float], where: str) -> np.ndarray:
    """Return ``values`` as a float32 array.

    Raises:
        AnnotationError: one is not a number, or not finite.
    """
    try:
        array = np.array(values, np.float32)
    except (TypeError, ValueError) as err:
        raise AnnotationError(f'{where} is {str(values)[:80]}, numbers are needed') from err
    if not np.isfinite(array).all():
        raise AnnotationError(f'{where} is {str(values)[:80]}; NaN and infinity are no coordinates: correct the record')
    return array
