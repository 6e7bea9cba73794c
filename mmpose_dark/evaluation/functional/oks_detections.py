"""Predicted people of an OKS evaluation, as arrays."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...annotations import RESULT_FIELDS, normal_list, read_json, without_garbage_collection
from ...keypoint_sets.wholebody_parts import WHOLEBODY_PARTS
from .arrays import keypoint_extent
from .coco_columns import box_column, id_column, keypoint_column

__all__ = ['OksDetections']


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
        part_scores: scores of whole-body parts, (N,) each by name, where they have some of their own.
        source: where it was read from, for messages.
        track_ids: (N,) who is who over time, or None.
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
    def read(
        cls, source: 'str | os.PathLike | Sequence[dict] | OksDetections', *, wholebody: bool = False
    ) -> 'OksDetections':
        """Read results in COCO's format.

        Args:
            source: path of a JSON file, a list of dicts with ``image_id``, ``category_id``, ``keypoints`` and
                ``score``, or an ``OksDetections``, which is returned as it is.
            wholebody: join body, foot, face and hand keypoints to 133.

        Raises:
            FileNotFoundError: the file is not there.
            ValueError: the file is cut off or a result lacks a field.

        >>> OksDetections.read([dict(image_id=7, keypoints=[1, 2, 0.5], score=0.9)]).xy.tolist()
        [[[1.0, 2.0]]]
        """
        if isinstance(source, cls):
            return source
        name = 'the given results'
        if isinstance(source, str | os.PathLike):
            name = os.fspath(source)
            source = read_json(source, what='results file')
        with without_garbage_collection():
            records = normal_list(source, ('image_id', 'keypoints', 'score'), RESULT_FIELDS, name)
            return cls._of_list(records, name, wholebody)

    @classmethod
    def _of_list(cls, records: Sequence[dict], name: str, wholebody: bool) -> 'OksDetections':
        # as in the COCO API the first result says whether boxes are given
        boxes = box_column(records, name, 'result') if records and records[0].get('bbox') else None
        part_scores = {}
        for part, (_, field, _) in WHOLEBODY_PARTS.items():
            if wholebody and part != 'body' and any(field in r for r in records):
                part_scores[part] = np.array([r.get(field, r['score']) for r in records], np.float64)
        categories, tracks = [r.get('category_id') for r in records], [r.get('track_id') for r in records]
        keypoints = keypoint_column(records, name, 'result', wholebody=wholebody)
        return cls(
            img_ids=id_column([r['image_id'] for r in records]),
            category_ids=None if None in categories else id_column(categories),
            xy=keypoints[..., :2],
            keypoint_scores=keypoints[..., 2],
            scores=np.array([r['score'] for r in records], np.float64),
            areas=None if boxes is None else boxes[:, 2] * boxes[:, 3],
            part_scores=part_scores,
            source=name,
            track_ids=None if None in tracks or not tracks else id_column(tracks),
        )

    @classmethod
    def none(cls, num_keypoints: int) -> 'OksDetections':
        """Return detections of nobody.

        >>> OksDetections.none(17).xy.shape
        (0, 17, 2)
        """
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

        Args:
            name: of the part.
            keypoints: which of the K.
        """
        body = WHOLEBODY_PARTS['body'].place
        return replace(
            self,
            xy=self.xy[:, keypoints],
            keypoint_scores=self.keypoint_scores[:, keypoints],
            scores=self.part_scores.get(name, self.scores),
            areas=self.areas if self.areas is not None else keypoint_extent(self.xy[:, body]),
        )
