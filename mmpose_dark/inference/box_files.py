"""Files of boxes: the forms that boxes come in, for one image or for many."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..annotations import fields
from ..annotations.box_records import DETECTION_FIELDS
from ..annotations.categories import PERSON, person_category
from ..annotations.coco_file import normal_coco
from ..annotations.errors import AnnotationError
from ..annotations.fields import FieldError
from ..annotations.json_file import read_json
from ..annotations.normal_records import normal_records
from ..annotations.people import require_box
from .boxes import BoxError
from .image_names import NameIndex, number_in_name, require_different

__all__ = ['BoxFile', 'read_boxes']

Rows = list[list[float]]


@dataclass(frozen=True)
class BoxFile:
    """Boxes for several images.

    Attributes:
        everywhere: boxes for every image, or None.
        by_name: boxes by the image's name, with or without folders and suffix; see `NameIndex`.
        by_id: boxes by image id, which is the number in the image's name as COCO's images have it.
        image_ids: the ids of images by name, where the file says them.
        category: of people, in this file.
        where: how errors call the file.
    """

    everywhere: Rows | None = None
    by_name: dict[str, Rows] = field(default_factory=dict)
    by_id: dict[int, Rows] = field(default_factory=dict)
    image_ids: dict[str, int | str] = field(default_factory=dict)
    category: int | str = PERSON
    where: str = 'boxes'

    @cached_property
    def _index(self) -> NameIndex:
        return NameIndex(self.by_name, self.where)

    def boxes_for(self, path: str | Path) -> Rows | None:
        """Return the boxes for an image; None where the file does not speak of it.

        Raises:
            BoxError: it cannot be told which of several images of the file it is.

        >>> boxes = BoxFile(by_name={'a.jpg': [[1, 2, 3, 4]]})
        >>> boxes.boxes_for('photos/a.jpg'), boxes.boxes_for('b.jpg')
        ([[1, 2, 3, 4]], None)
        """
        entry = self._entry(path)
        if entry is None:
            return self.everywhere
        return self.by_id[entry] if isinstance(entry, int) else self.by_name[entry]

    def image_id_for(self, path: str | Path) -> int | str | None:
        """Return the id that this file gives an image; None where it gives none.

        Raises:
            BoxError: it cannot be told which of several images of the file it is.

        >>> BoxFile(by_name={'a.jpg': []}, image_ids={'a.jpg': 139}).image_id_for('photos/a.jpg')
        139
        """
        entry = self._entry(path)
        return entry if isinstance(entry, int) else self.image_ids.get(entry)

    @property
    def gives_ids(self) -> bool:
        """Whether this file gives the ids of the images that it speaks of."""
        return bool(self.by_id or self.image_ids)

    def check_images(self, images: Iterable[Path]) -> None:
        """Stop where an entry of the file could be of several of the images.

        Raises:
            BoxError: such images.

        >>> BoxFile(by_id={1: []}).check_images([Path('1.jpg'), Path('001.jpg')])
        Traceback (most recent call last):
            ...
        mmpose_dark.inference.boxes.BoxError: boxes has one image 1, which could be each of 2 (1.jpg, 001.jpg): ...
        """
        found = ((self._entry(image), image) for image in images)
        require_different(((entry, image) for entry, image in found if entry is not None), self.where)

    def _entry(self, path: str | Path) -> str | int | None:
        """The name (text) or the id (a number) by which the file knows an image."""
        name = self._index.find(path)
        number = number_in_name(path) if name is None else None
        return number if number in self.by_id else name


def read_boxes(path: str | Path, *, score_thr: float = 0.0) -> BoxFile:
    """Read boxes from a json file.

    Args:
        path: a file with one of
            ``[[x, y, w, h], ...]``: boxes for every image;
            ``{"image name": [[x, y, w, h], ...], ...}``: boxes by image; a fifth number is a score;
            ``[{"image_id": 785, "bbox": [x, y, w, h], "score": 0.9, "category_id": 1}, ...]``: COCO
            detections, where ``file_name`` may stand in place of ``image_id``;
            ``{"images": [...], "annotations": [...]}``: COCO annotations; crowd regions are left out.
            Of several categories that of people is taken: the one named 'person', or 1.
        score_thr: boxes with a score below this are left out.

    Returns:
        The boxes as they stand there, with the score last where there is one.

    Raises:
        BoxError: missing, no json, in none of these forms, with fields that hold what they may not, or with boxes of
            which none is a person's.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, 'boxes.json')
    ...     _ = file.write_text('{"a.jpg": [[1, 2, 30, 40, 0.9], [5, 6, 7, 8, 0.1]]}')
    ...     read_boxes(file, score_thr=0.5).boxes_for('a.jpg')
    [[1, 2, 30, 40, 0.9]]
    """
    where = f'boxes {str(path)!r}'
    try:
        content = read_json(path, what='file of boxes')
        if isinstance(content, dict) and 'annotations' in content and 'images' in content:
            return _from_annotations(content, where)
        if isinstance(content, dict):
            rows = {name: _rows(given, f'{where}: the entry {name!r}', score_thr) for name, given in content.items()}
            return BoxFile(by_name=rows, where=where)
        if isinstance(content, list) and content and all(isinstance(record, dict) for record in content):
            return _from_detections(content, where, score_thr=score_thr)
        if isinstance(content, list) and all(isinstance(row, list) for row in content):
            return BoxFile(everywhere=_rows(content, where, score_thr), where=where)
    except AnnotationError as err:
        raise BoxError(str(err)) from err
    raise BoxError(
        f'{where}: expected [[x, y, w, h], ...], {{"image name": [[x, y, w, h], ...]}}, COCO '
        'detections or COCO annotations'
    )


def _rows(given: object, label: str, score_thr: float) -> Rows:
    """Return rows of four numbers, or of five of which the last is a score."""
    if not isinstance(given, list) or not all(isinstance(row, list) for row in given):
        raise BoxError(f'{label} must be a list of boxes, [[x, y, w, h], ...]')
    rows = []
    for i, row in enumerate(given):
        try:
            numbers = fields.coordinates(row)
        except FieldError as err:
            raise BoxError(f'{label}: box {i} is {str(row)[:80]}; {err}') from err
        if len(numbers) not in (4, 5):
            raise BoxError(f'{label}: box {i} is {str(row)[:80]}; 4 numbers are needed, or 5 with the score last')
        if len(numbers) == 4 or numbers[4] >= score_thr:
            rows.append(numbers)
    return rows


def _from_detections(content: Sequence[dict], where: str, *, score_thr: float) -> BoxFile:
    for i, record in enumerate(content):
        if record.get('bbox') is None or (record.get('file_name') is None and record.get('image_id') is None):
            raise BoxError(
                f"{where}: record {i} needs 'bbox', and 'image_id' or 'file_name'; it has "
                f'{sorted(str(key) for key, value in record.items() if value is not None)}'
            )
    records = normal_records(content, DETECTION_FIELDS, lambda i, record: f'{where}: record {i}')
    category = _category_of_people(Counter(r['category_id'] for r in records if 'category_id' in r), [], where)
    by_name: dict[str, Rows] = {}
    by_id: dict[int, Rows] = {}
    ids: dict[str, int | str] = {}
    for i, record in enumerate(records):
        if len(record['bbox']) not in (4, 5):
            raise BoxError(f'{where}: record {i}: bbox must be [x, y, w, h], got {str(record["bbox"])[:80]}')
        name, image_id = record.get('file_name'), record.get('image_id')
        if name is None and isinstance(image_id, str):
            name = image_id
        if name is not None and image_id is not None and ids.setdefault(name, image_id) != image_id:
            raise BoxError(f'{where}: record {i}: {name!r} has the image_id {image_id!r} here, {ids[name]!r} before')
        rows = by_id.setdefault(image_id, []) if name is None else by_name.setdefault(name, [])
        score = record.get('score')
        if record.get('category_id', category) == category and (score is None or score >= score_thr):
            rows.append(record['bbox'][:4] if score is None else [*record['bbox'][:4], score])
    return BoxFile(None, by_name, by_id, ids, category, where)


def _from_annotations(content: Mapping[str, object], where: str) -> BoxFile:
    file = normal_coco(content, where)
    used = Counter(ann['category_id'] for ann in file.annotations)
    category = _category_of_people(used, file.categories, where)
    names: dict[Hashable, str] = {}
    ids: dict[str, int | str] = {}
    by_id: dict[int, Rows] = {}
    for image in file.images:
        name = image.get('file_name')
        if name is None and isinstance(image['id'], int):
            by_id[image['id']] = []
        elif name is None:
            raise BoxError(f'{where}: image {image["id"]!r} has no file_name')
        elif name in ids:
            raise BoxError(f'{where}: the images {ids[name]!r} and {image["id"]!r} have the same file_name {name!r}')
        else:
            names[image['id']], ids[name] = name, image['id']
    by_name: dict[str, Rows] = {name: [] for name in ids}
    for ann in file.annotations:
        if ann.get('iscrowd') or ann['category_id'] != category:
            continue
        require_box(ann, f'{where}: annotation {ann["id"]}')
        if 'bbox' in ann:
            image_id = ann['image_id']
            (by_name[names[image_id]] if image_id in names else by_id[image_id]).append(ann['bbox'])
    return BoxFile(None, by_name, by_id, ids, category, where)


def _category_of_people(used: Mapping[Hashable, int], categories: Sequence[Mapping], where: str) -> int | str:
    """Return the category whose boxes are taken.

    Args:
        used: how many boxes are of which category.
        categories: of the file, where it lists them.
        where: how errors call it.
    """
    category = person_category(categories or [dict(id=used_id) for used_id in used]) if categories or used else PERSON
    told = ', '.join(f'{found!r} ({count} boxes)' for found, count in list(used.items())[:5])
    if category is None:
        raise BoxError(
            f"{where}: which category is that of people cannot be told: of several, none is named 'person' and none "
            f'has the id {PERSON}. There are {told}: leave only the boxes of people, or name the category'
        )
    if used and category not in used:
        raise BoxError(f'{where} has no box of the category {category!r} (people), only of the category {told}')
    return category
