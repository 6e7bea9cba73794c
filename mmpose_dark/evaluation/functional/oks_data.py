"""Ground truth and detections of an OKS evaluation, as arrays, read from COCO-style files or objects."""

import contextlib
import gc
import json
import pathlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...utils.errors import InputError, MissingFileError

__all__ = [
    'PARTS',
    'OksDetections',
    'OksGroundTruth',
    'all_finite',
    'image_index',
    'keypoint_extent',
    'load_json',
    'no_collection',
]

# part of a whole body -> field of its keypoints, field of its score in results, place among the 133 keypoints
PARTS = {
    'body': ('keypoints', 'score', slice(0, 17)),
    'foot': ('foot_kpts', 'foot_score', slice(17, 23)),
    'face': ('face_kpts', 'face_score', slice(23, 91)),
    'lefthand': ('lefthand_kpts', 'lefthand_score', slice(91, 112)),
    'righthand': ('righthand_kpts', 'righthand_score', slice(112, 133)),
    'wholebody': ('', 'wholebody_score', slice(0, 133)),
}


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """Pause the garbage collector: building a million small objects is three times faster without it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def load_json(path: str | pathlib.Path, what: str = 'annotation file') -> Any:
    """Read a json file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is empty, cut off or no json.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise MissingFileError(f'{what} not found: {path}')
    try:
        with no_collection():
            return json.loads(path.read_bytes())
    except ValueError as err:
        raise InputError(
            f'{what} {path} ({path.stat().st_size} bytes) is not valid json, perhaps cut off: {err}. '
            'Fetch or write it again.'
        ) from err


@dataclass(frozen=True)
class OksGroundTruth:
    """Annotated people of a data set.

    Attributes:
        img_ids: (I,) sorted ids of all images, also those without people.
        category_ids: (C,) sorted category ids.
        ids: (G,) annotation ids.
        image: (G,) index into ``img_ids``.
        category: (G,) index into ``category_ids``.
        keypoints: (G, K, 3) x, y in pixels and label v (0 not labelled, 1 hidden, 2 visible).
        bbox: (G, 4) left, top, width, height in pixels.
        area: (G,) square pixels; NaN where the annotation has none.
        iscrowd: (G,) boolean.
        num_keypoints: (G,) as annotated; -1 where the annotation does not say.
        crowd_index: (I,) CrowdPose's crowd index, NaN where the image has none.
        source: where it was read from, for messages.
    """

    img_ids: np.ndarray
    category_ids: np.ndarray
    ids: np.ndarray
    image: np.ndarray
    category: np.ndarray
    keypoints: np.ndarray
    bbox: np.ndarray
    area: np.ndarray
    iscrowd: np.ndarray
    num_keypoints: np.ndarray
    crowd_index: np.ndarray
    source: str

    @classmethod
    def read(cls, source: Any, *, wholebody: bool = False) -> 'OksGroundTruth':
        """Read a COCO-style data set.

        Args:
            source: path of the json file, the loaded dict, an object with ``.dataset`` (a COCO API), or an
                ``OksGroundTruth``, which is returned as it is.
            wholebody: join body, foot, face and hand keypoints to 133.

        Raises:
            FileNotFoundError: the file is not there.
            ValueError: the file is cut off, has a part missing, or a wrong number of keypoints.
        """
        if isinstance(source, cls):
            return source
        name = 'the given annotations'
        if isinstance(source, str | pathlib.Path):
            name = str(source)
            source = load_json(source)
        data = getattr(source, 'dataset', source)
        if not isinstance(data, dict) or 'images' not in data or 'annotations' not in data:
            keys = sorted(data) if isinstance(data, dict) else type(data).__name__
            raise InputError(
                f"{name}: expected a COCO-style dict with 'images', 'annotations' and 'categories', got {keys}"
            )
        with no_collection():
            return cls._from_dict(data, name, wholebody)

    @classmethod
    def _from_dict(cls, data: dict, name: str, wholebody: bool) -> 'OksGroundTruth':
        images, anns = data['images'], data['annotations']
        img_ids, first = np.unique(_ids([im['id'] for im in images]), return_index=True)
        crowd_index = np.array([images[i].get('crowdIndex', np.nan) for i in first], np.float64)
        categories = [c['id'] for c in data.get('categories', ())] or [a['category_id'] for a in anns] or [1]
        category_ids = np.unique(_ids(categories))
        image = _index(img_ids, _ids([a['image_id'] for a in anns]))
        if (image < 0).any():
            lost = anns[int(np.argmin(image))]
            raise InputError(
                f'{name}: annotation {lost.get("id")} belongs to image {lost["image_id"]!r}, '
                "which is not among 'images'; remove it or add the image"
            )
        category = _index(category_ids, _ids([a.get('category_id', categories[0]) for a in anns]))
        known = category >= 0
        if not known.all():
            anns = [a for a, k in zip(anns, known, strict=True) if k]
            image, category = image[known], category[known]
        return cls(
            img_ids=img_ids,
            category_ids=category_ids,
            ids=_ids([a.get('id', i) for i, a in enumerate(anns)]),
            image=image,
            category=category,
            keypoints=_stack_keypoints(anns, name, wholebody, 'annotation'),
            bbox=_stack_boxes(anns, name),
            area=np.array([a.get('area', np.nan) for a in anns], np.float64),
            iscrowd=np.array([bool(a.get('iscrowd', 0)) for a in anns], bool),
            num_keypoints=np.array([a.get('num_keypoints', -1) for a in anns], np.int64),
            crowd_index=crowd_index,
            source=name,
        )

    def with_keypoints(self, keypoints: np.ndarray) -> 'OksGroundTruth':
        """Return the same people with other keypoints (G, K, 3)."""
        return replace(self, keypoints=keypoints)


@dataclass(frozen=True)
class OksDetections:
    """Predicted people.

    Attributes:
        img_ids: (N,) id of the image.
        category_ids: (N,) id of the category; None stands for the ground truth's first.
        xy: (N, K, 2) pixels.
        keypoint_scores: (N, K); a pose whose keypoint scores are all 0 is left out.
        scores: (N,) score of the pose.
        areas: (N,) square pixels, for the medium and large ranges; None: the extent of the keypoints.
        part_scores: scores of whole-body parts, by name, where they have some of their own.
        track_ids: (N,) who is who over time, or None.
        source: where it was read from, for messages.
    """

    img_ids: np.ndarray
    category_ids: np.ndarray | None
    xy: np.ndarray
    keypoint_scores: np.ndarray
    scores: np.ndarray
    areas: np.ndarray | None
    part_scores: dict[str, np.ndarray]
    source: str
    track_ids: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def read(cls, source: Any, *, wholebody: bool = False) -> 'OksDetections':
        """Read results in COCO's format.

        Args:
            source: path of a json file, a list of dicts with ``image_id``, ``category_id``, ``keypoints`` and
                ``score``, or an ``OksDetections``, which is returned as it is.
            wholebody: join body, foot, face and hand keypoints to 133.

        Raises:
            FileNotFoundError: the file is not there.
            ValueError: the file is cut off or a result lacks a field.
        """
        if isinstance(source, cls):
            return source
        name = 'the given results'
        if isinstance(source, str | pathlib.Path):
            name = str(source)
            source = load_json(source, 'results file')
        if not isinstance(source, list) or not all(isinstance(r, dict) for r in source):
            raise InputError(f'{name}: expected a list of dicts, one a person, got {type(source).__name__}')
        for field in ('image_id', 'keypoints', 'score'):
            for i, r in enumerate(source):
                if field not in r:
                    raise InputError(f'{name}: result {i} has no {field!r}; it has {sorted(r)}')
        with no_collection():
            # as in the COCO API the first result says whether boxes are given
            boxed = bool(source) and bool(source[0].get('bbox'))
            boxes = _stack_boxes(source, name) if boxed else None
            part_scores = {}
            for part, (_, field, _) in PARTS.items():
                if wholebody and part != 'body' and any(field in r for r in source):
                    part_scores[part] = np.array([r.get(field, r['score']) for r in source], np.float64)
            categories, tracks = [r.get('category_id') for r in source], [r.get('track_id') for r in source]
            keypoints = _stack_keypoints(source, name, wholebody, 'result')
            return cls(
                img_ids=_ids([r['image_id'] for r in source]),
                category_ids=None if None in categories else _ids(categories),
                xy=keypoints[..., :2],
                keypoint_scores=keypoints[..., 2],
                scores=np.array([r['score'] for r in source], np.float64),
                areas=None if boxes is None else boxes[:, 2] * boxes[:, 3],
                part_scores=part_scores,
                source=name,
                track_ids=None if None in tracks or not tracks else _ids(tracks),
            )

    @classmethod
    def none(cls, num_keypoints: int) -> 'OksDetections':
        """Return detections of nobody."""
        return cls(
            img_ids=np.zeros(0, np.int64),
            category_ids=None,
            xy=np.zeros((0, num_keypoints, 2)),
            keypoint_scores=np.zeros((0, num_keypoints)),
            scores=np.zeros(0),
            areas=None,
            part_scores={},
            source='the predictions',
        )

    def part(self, name: str, keypoints: slice) -> 'OksDetections':
        """Return the same people with some of the keypoints and that part's own scores, where there are any.

        The areas stay those of the body's keypoints, as in the reference evaluator.
        """
        areas = self.areas if self.areas is not None else keypoint_extent(self.xy[:, PARTS['body'][2]])
        scores = self.part_scores.get(name, self.scores)
        return replace(
            self,
            xy=self.xy[:, keypoints],
            keypoint_scores=self.keypoint_scores[:, keypoints],
            scores=scores,
            areas=areas,
        )


def keypoint_extent(keypoints: np.ndarray) -> np.ndarray:
    """Area of the smallest upright box around the keypoints (N, K, 2 or 3): (N,) square pixels."""
    if len(keypoints) == 0:
        return np.zeros(0)
    size = keypoints[..., :2].max(1) - keypoints[..., :2].min(1)
    return size[:, 0].astype(np.float64) * size[:, 1]


def all_finite(array: np.ndarray) -> bool:
    """Whether no number is NaN or infinite; three times faster than asking each.

    >>> all_finite(np.array([1.0, np.inf, -np.inf]))
    False
    """
    with np.errstate(invalid='ignore', over='ignore'):
        total = array.sum(dtype=np.float64)
    return bool(np.isfinite(total)) or bool(np.isfinite(array).all())


def image_index(img_ids: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Index of each of ``wanted`` among the sorted ``img_ids``, -1 where it is not there."""
    return _index(img_ids, wanted)


def _ids(values: Sequence[Any]) -> np.ndarray:
    if len(values) == 0:
        return np.zeros(0, np.int64)
    array = np.asarray(values)
    # a mixture of numbers and strings becomes strings in numpy, and would match what it should not
    if array.dtype.kind in 'US' and not all(isinstance(v, str) for v in values):
        types = ' and '.join(sorted({type(v).__name__ for v in values}))
        raise InputError(f'ids must be all numbers or all strings, got {types}')
    return array


def _index(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    if len(known) == 0 or len(wanted) == 0 or (known.dtype.kind in 'US') != (wanted.dtype.kind in 'US'):
        return np.full(len(wanted), -1)
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[place] == wanted, place, -1)


def _stack_keypoints(records: list[dict], name: str, wholebody: bool, what: str) -> np.ndarray:
    """(N, K, 3) keypoints of annotations or results."""
    if not records:
        return np.zeros((0, 133 if wholebody else 0, 3))
    if not wholebody:
        return _stack_field(records, 'keypoints', name, what)
    return np.concatenate([_stack_field(records, f, name, what) for f, _, _ in PARTS.values() if f], 1)


def _stack_field(records: list[dict], field: str, name: str, what: str) -> np.ndarray:
    rows = [r.get(field) for r in records]
    length = next((np.size(r) for r in rows if r is not None), 0)
    for i, (record, row) in enumerate(zip(records, rows, strict=True)):
        label = f'{name}: {what} {record.get("id", i)} (image {record.get("image_id")})'
        if row is None:
            if not record.get('iscrowd'):
                raise InputError(f'{label} has no {field!r}; it has {sorted(record)}')
            rows[i] = [0.0] * length
        elif len(row) != length and np.size(row) != length:
            raise InputError(f'{label} has {np.size(row)} numbers in {field!r}, the first one has {length}')
    if length == 0 or length % 3:
        raise InputError(
            f'{name}: {length} numbers in {field!r}; expected x, y and v of each keypoint, a multiple of 3'
        )
    return np.array(rows, np.float64).reshape(len(rows), -1, 3)


def _stack_boxes(records: list[dict], name: str) -> np.ndarray:
    boxes = [r.get('bbox') for r in records]
    for i, box in enumerate(boxes):
        if box is None or len(box) != 4:
            record = records[i]
            raise InputError(
                f'{name}: record {record.get("id", i)} (image {record.get("image_id")}) has no box of 4 numbers '
                f"(left, top, width, height) in 'bbox', but {box!r}"
            )
    return np.array(boxes, np.float64).reshape(-1, 4)
