"""Files of boxes: the forms that boxes come in, for one image or for many."""

from collections.abc import Sequence
from pathlib import Path

from ..annotations.errors import AnnotationError
from ..annotations.json_file import read_json
from .boxes import BoxError

__all__ = ['BoxFile', 'read_boxes']


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
        """Return the boxes for an image; None where the file does not speak of it.

        >>> boxes = BoxFile()
        >>> boxes.by_name['a.jpg'] = [[1, 2, 3, 4]]
        >>> boxes.boxes_for('photos/a.jpg'), boxes.boxes_for('b.jpg')
        ([[1, 2, 3, 4]], None)
        """
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

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, 'boxes.json')
    ...     _ = file.write_text('{"a.jpg": [[1, 2, 30, 40, 0.9], [5, 6, 7, 8, 0.1]]}')
    ...     read_boxes(file, score_thr=0.5).boxes_for('a.jpg')
    [[1, 2, 30, 40, 0.9]]
    """
    try:
        content = read_json(path, what='file of boxes')
    except AnnotationError as err:
        raise BoxError(str(err)) from err
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
