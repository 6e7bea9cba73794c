"""Boxes that a user gives: checked arrays, and the file formats they come in."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..utils.choices import BOX_FORMATS
from ..utils.errors import UserError

__all__ = ['BOX_FORMATS', 'BoxError', 'BoxFile', 'check_boxes', 'read_boxes']


class BoxError(UserError, ValueError):
    """Boxes that cannot be used; the message names the box and what is wrong with it."""


def check_boxes(
    bboxes: Any, bbox_format: str = 'xyxy', *, image_hw: tuple[int, int] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Check boxes and bring them to corners.

    Args:
        bboxes: (N, 4) pixels, or (N, 5) with the score last; None or N = 0 for no box. Not modified.
        bbox_format: ``'xyxy'`` left, top, right, bottom, or ``'xywh'`` left, top, width, height.
        image_hw: height and width of the image; given, a box must overlap it (it may reach beyond).

    Returns:
        boxes (N, 4) float32 xyxy, and scores (N,) float32, ones where none are given.

    Raises:
        BoxError: an unknown format, another shape, a box with NaN or infinity, without an area, or
            outside the image.

    >>> check_boxes([[10, 20, 30, 40]], 'xywh')[0].tolist()
    [[10.0, 20.0, 40.0, 60.0]]
    """
    if bbox_format not in BOX_FORMATS:
        raise BoxError(f'bbox_format {bbox_format!r} is not one of {", ".join(map(repr, BOX_FORMATS))}')
    if hasattr(bboxes, 'detach'):
        bboxes = bboxes.detach().cpu().numpy()
    try:
        boxes = np.array([] if bboxes is None else bboxes, dtype=np.float64)
    except (TypeError, ValueError) as err:
        raise BoxError(f'boxes must be N rows of 4 numbers ({bbox_format}), or 5 with the score last: {err}') from err
    if boxes.size == 0:
        return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
    if boxes.ndim != 2 or boxes.shape[1] not in (4, 5):
        raise BoxError(f'boxes must have the shape (N, 4), or (N, 5) with the score last, got {boxes.shape}')
    scores = boxes[:, 4] if boxes.shape[1] == 5 else np.ones(len(boxes))
    given, boxes = boxes, boxes[:, :4].copy()
    if bbox_format == 'xywh':
        boxes[:, 2:] += boxes[:, :2]
    for i, (x1, y1, x2, y2) in enumerate(boxes):
        told = f'box {i} {[round(float(v), 2) for v in given[i]]} ({bbox_format})'
        if not np.isfinite(given[i]).all():
            raise BoxError(f'{told} is not finite')
        if x2 <= x1 or y2 <= y1:
            raise BoxError(f'{told} has no area: width {x2 - x1:g}, height {y2 - y1:g}; is bbox_format right?')
        if image_hw is not None and (x2 <= 0 or y2 <= 0 or x1 >= image_hw[1] or y1 >= image_hw[0]):
            raise BoxError(f'{told} lies outside the image of width {image_hw[1]} and height {image_hw[0]}')
    return boxes.astype(np.float32), scores.astype(np.float32)


class BoxFile:
    """Boxes for several images.

    Attributes:
        everywhere: boxes for every image, or None.
        by_name: boxes by file name or stem.
        by_id: boxes by image id, which is the number in the file's name as COCO's images have it.
    """

    def __init__(self) -> None:
        self.everywhere: list | None = None
        self.by_name: dict[str, list] = {}
        self.by_id: dict[int, list] = {}

    def boxes_for(self, path: str | Path) -> list | None:
        """Return the boxes for an image; None where the file does not speak of it."""
        path = Path(path)
        for key in (str(path), path.name, path.stem):
            if key in self.by_name:
                return self.by_name[key]
        if path.stem.isdigit() and int(path.stem) in self.by_id:
            return self.by_id[int(path.stem)]
        return self.everywhere


def read_boxes(path: str | Path, *, score_thr: float = 0.0) -> BoxFile:
    """Read boxes from a json file.

    Args:
        path: a file with one of
            ``[[x, y, w, h], ...]``: boxes for every image;
            ``{"image name": [[x, y, w, h], ...], ...}``: boxes by image; a fifth number is a score;
            ``[{"image_id": 785, "bbox": [x, y, w, h], "score": 0.9, "category_id": 1}, ...]``: COCO
            detections, where ``file_name`` may stand in place of ``image_id``; other categories than 1
            are left out;
            ``{"images": [...], "annotations": [...]}``: COCO annotations; crowd regions are left out.
        score_thr: detections with a score below this are left out.

    Returns:
        The boxes as they stand there, with the score last where there is one.

    Raises:
        BoxError: missing, no json, or in none of these forms.
    """
    try:
        content = json.loads(Path(path).read_text(encoding='utf-8'))
    except OSError as err:
        raise BoxError(f'cannot read boxes {str(path)!r}: {(err.strerror or str(err)).lower()}') from err
    except ValueError as err:
        raise BoxError(f'boxes {str(path)!r} are no json: {err}') from err
    boxes = BoxFile()
    if isinstance(content, dict) and 'annotations' in content and 'images' in content:
        _from_annotations(boxes, content, path)
    elif isinstance(content, dict):
        for name, rows in content.items():
            if not isinstance(rows, list) or not all(isinstance(r, list) for r in rows):
                raise BoxError(f'boxes {str(path)!r}: the entry {name!r} must be a list of boxes, [[x, y, w, h], ...]')
            boxes.by_name[name] = [r for r in rows if len(r) < 5 or r[4] >= score_thr]
    elif isinstance(content, list) and content and all(isinstance(r, dict) for r in content):
        for i, record in enumerate(content):
            _add_detection(boxes, record, f'boxes {str(path)!r}: record {i}', score_thr=score_thr)
    elif isinstance(content, list) and all(isinstance(r, list) for r in content):
        boxes.everywhere = content
    else:
        raise BoxError(
            f'boxes {str(path)!r}: expected [[x, y, w, h], ...], {{"image name": [[x, y, w, h], ...]}}, COCO '
            'detections or COCO annotations'
        )
    return boxes


def _add_detection(boxes: BoxFile, record: dict, where: str, *, score_thr: float) -> None:
    name, image_id = record.get('file_name'), record.get('image_id')
    if 'bbox' not in record or (name is None and image_id is None):
        raise BoxError(f"{where} needs 'bbox', and 'image_id' or 'file_name'; it has {sorted(record)}")
    bbox, score = record['bbox'], record.get('score')
    if not isinstance(bbox, list):
        raise BoxError(f'{where}: bbox must be [x, y, w, h], got {bbox!r}')
    if record.get('category_id', 1) != 1 or (score is not None and score < score_thr):
        rows: list = []
    else:
        rows = [bbox[:4] if score is None else [*bbox[:4], score]]
    if name is not None:
        boxes.by_name.setdefault(name, []).extend(rows)
    elif isinstance(image_id, int):
        boxes.by_id.setdefault(image_id, []).extend(rows)
    else:
        boxes.by_name.setdefault(str(image_id), []).extend(rows)


def _from_annotations(boxes: BoxFile, content: dict[str, Sequence[dict]], path: str | Path) -> None:
    try:
        names = {image['id']: Path(image['file_name']).name for image in content['images']}
        boxes.by_name = {name: [] for name in names.values()}
        for ann in content['annotations']:
            if not ann.get('iscrowd') and ann.get('category_id', 1) == 1:
                boxes.by_name[names[ann['image_id']]].append(ann['bbox'])
    except (KeyError, TypeError) as err:
        raise BoxError(f'boxes {str(path)!r}: these COCO annotations cannot be used: {err!r}') from err
