"""The people of one image as plain arrays: what inference gives, and what writers, trackers and drawings take."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from ..utils.errors import InputError
from .coco_record import CocoRecord, coco_records
from .pose_score import pose_scores

if TYPE_CHECKING:
    import pandas as pd
    import supervision as sv

    from .pose_data_sample import PoseDataSample

__all__ = ['Poses']

_KEPT_WHOLE = ('keypoint_set',)  # fields that are no array with one row a person


@dataclass(frozen=True, eq=False, repr=False)
class Poses:
    """The people of one image.

    An index takes people out: a number, a slice, a list of numbers or a mask (N,), each giving `Poses` again, so that
    ``poses[poses.scores > 0.5]`` leaves out the others. A loop goes over the people, each as `Poses` of length one.
    The arrays are not copied where they have the right type.

    Args:
        keypoints: (N, K, 2) x, y in image pixels, integer = pixel centre.
        keypoint_scores: (N, K), about 0..1.
        boxes: (N, 4) left, top, right, bottom in image pixels.
        box_scores: (N,), 0..1; ones by default.
        scores: (N,) of the people; by default those of `pose_scores`.
        covariances: (N, K, 2, 2) of the keypoints in square image pixels, NaN where one has none; None: not known.
        track_ids: (N,) whole numbers, the same for the same person in other images, -1 for who has none; None: not
            tracked.
        probabilities: (N, K) of lying within the bound that the network was calibrated for; None: not calibrated. Where
            they are known, `covariances` are those of the errors.
        filled: (N,) whether a person was not seen but put into a gap of its track; None: nobody was.
        keypoint_set: definition of the keypoints, see `parse_pose_metainfo`; None: not known.

    Raises:
        InputError: shapes that do not fit together, or a definition of another number of keypoints.

    >>> poses = Poses(np.zeros((2, 3, 2)), np.array([[0.9, 0.7, 0.1], [0.1, 0.1, 0.1]]), [[0, 0, 9, 9], [5, 5, 8, 8]])
    >>> poses
    Poses(2 people, 3 keypoints, scores 0.80 0.00)
    >>> poses[poses.scores > 0.5].boxes.tolist()
    [[0.0, 0.0, 9.0, 9.0]]
    """

    keypoints: np.ndarray
    keypoint_scores: np.ndarray
    boxes: np.ndarray
    box_scores: np.ndarray | None = None
    scores: np.ndarray | None = None
    covariances: np.ndarray | None = None
    probabilities: np.ndarray | None = None
    track_ids: np.ndarray | None = None
    filled: np.ndarray | None = None
    keypoint_set: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        keypoints = np.asarray(self.keypoints, np.float32)
        if keypoints.ndim != 3 or keypoints.shape[2] != 2:
            raise InputError(f'Poses: keypoints must have the shape (N, K, 2), got {keypoints.shape}')
        people, count = keypoints.shape[:2]
        self._put('keypoints', keypoints, (people, count, 2))
        self._put('keypoint_scores', self.keypoint_scores, (people, count))
        self._put('boxes', self.boxes, (people, 4))
        self._put('box_scores', np.ones(people) if self.box_scores is None else self.box_scores, (people,))
        found = pose_scores(self.keypoint_scores, self.box_scores) if self.scores is None else self.scores
        self._put('scores', found, (people,), np.float64)
        if self.covariances is not None:
            self._put('covariances', self.covariances, (people, count, 2, 2))
        if self.probabilities is not None:
            self._put('probabilities', self.probabilities, (people, count))
        if self.track_ids is not None:
            self._put('track_ids', self.track_ids, (people,), np.int64)
        if self.filled is not None:
            self._put('filled', self.filled, (people,), np.bool_)
        known = count if self.keypoint_set is None else self.keypoint_set['num_keypoints']
        if known != count:
            raise InputError(
                f'Poses: {count} keypoints, but keypoint_set {self.keypoint_set.get("dataset_name")!r} has {known}; '
                'give the definition of these keypoints, or None'
            )

    def _put(self, name: str, values: np.typing.ArrayLike, shape: tuple[int, ...], dtype: type = np.float32) -> None:
        array = np.asarray(values, dtype)
        if array.size == 0 and 0 in shape:
            array = array.reshape(shape)  # an empty list has the shape (0,)
        if array.shape != shape:
            raise InputError(
                f'Poses: {name} must have the shape {shape} for {self.keypoints.shape[0]} people with '
                f'{self.keypoints.shape[1]} keypoints, got {array.shape}'
            )
        object.__setattr__(self, name, array)

    @classmethod
    def empty(cls, num_keypoints: int = 0, keypoint_set: Mapping[str, object] | None = None) -> 'Poses':
        """Return the poses of an image without people.

        >>> Poses.empty(17)
        Poses(nobody, 17 keypoints)
        """
        return cls(
            np.zeros((0, num_keypoints, 2)), np.zeros((0, num_keypoints)), np.zeros((0, 4)), keypoint_set=keypoint_set
        )

    @classmethod
    def concatenate(cls, parts: 'Sequence[Poses]') -> 'Poses':
        """Join people with the same keypoints; what only some parts know (covariances, tracks) is left out.

        Raises:
            InputError: no part, or parts with another number of keypoints.

        >>> one = Poses(np.zeros((1, 2, 2)), np.ones((1, 2)), [[0, 0, 4, 4]])
        >>> Poses.concatenate([one, Poses.empty(2), one])
        Poses(2 people, 2 keypoints, scores 1.00 1.00)
        """
        counts = sorted({part.num_keypoints for part in parts})
        if len(counts) != 1:
            raise InputError(f'Poses.concatenate needs parts with the same number of keypoints, got {counts}')
        people = [part for part in parts if len(part)] or parts[:1]
        joined = {}
        for name in _array_names():
            arrays = [getattr(part, name) for part in people]
            joined[name] = None if any(a is None for a in arrays) else np.concatenate(arrays)
        return cls(**joined, keypoint_set=people[0].keypoint_set)

    def __len__(self) -> int:
        return len(self.keypoints)

    def __getitem__(self, index: int | slice | Sequence[int] | np.ndarray) -> 'Poses':
        if isinstance(index, int | np.integer):
            if not -len(self) <= index < len(self):
                raise IndexError(f'person {index} of {len(self)}')
            index = [int(index)]
        elif not isinstance(index, slice):
            index = np.asarray(index)
            if index.size == 0 and index.dtype != bool:
                index = index.astype(np.int64)  # an empty list
        values = {name: getattr(self, name) for name in _array_names()}
        kept = {name: getattr(self, name) for name in _KEPT_WHOLE}
        return Poses(**{name: None if v is None else v[index] for name, v in values.items()}, **kept)

    def __iter__(self) -> 'Iterator[Poses]':
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        if not len(self):
            return f'Poses(nobody, {self.num_keypoints} keypoints)'
        people = '1 person' if len(self) == 1 else f'{len(self)} people'
        scores = ' '.join(f'{s:.2f}' for s in self.scores[:8]) + (' ...' if len(self) > 8 else '')
        tracks = '' if self.track_ids is None else ', tracks ' + ' '.join(map(str, self.track_ids[:8]))
        return f'Poses({people}, {self.num_keypoints} keypoints, scores {scores}{tracks})'

    @property
    def num_keypoints(self) -> int:
        """K, the number of keypoints a person has."""
        return self.keypoints.shape[1]

    @property
    def is_finite(self) -> bool:
        """Whether all keypoints and scores are numbers; NaN and infinity come from broken weights.

        >>> Poses([[[1, 2]]], [[np.nan]], [[0, 0, 4, 4]]).is_finite
        False
        """
        return bool(np.isfinite(self.keypoints).all() and np.isfinite(self.keypoint_scores).all())

    @property
    def keypoint_names(self) -> list[str]:
        """K names; numbers where no definition is known.

        >>> Poses.empty(2).keypoint_names
        ['keypoint_0', 'keypoint_1']
        """
        names = (self.keypoint_set or {}).get('keypoint_id2name', {})
        return [names.get(i, f'keypoint_{i}') for i in range(self.num_keypoints)]

    @property
    def skeleton(self) -> list[tuple[int, int]]:
        """Pairs of keypoint numbers; none where no definition is known.

        >>> Poses.empty(2).skeleton
        []
        """
        return [(int(a), int(b)) for a, b in (self.keypoint_set or {}).get('skeleton_links', ())]

    def draw(self, image: np.ndarray, **options: object) -> np.ndarray:
        """Draw the people on their image.

        Args:
            image: (H, W, 3) uint8 RGB; not modified.
            **options: of `mmpose_dark.drawing.draw_poses`: ``kpt_thr``, ``draw_bbox``, ``draw_covariance`` ...

        Returns:
            (H, W, 3) uint8 RGB, a new image.

        >>> poses = Poses([[[4.0, 4.0]]], [[1.0]], [[0, 0, 8, 8]])
        >>> poses.draw(np.zeros((9, 9, 3), np.uint8))[4, 4].tolist()
        [255, 0, 0]
        """
        from ..drawing.poses import draw_poses  # OpenCV, which nothing else here needs

        return draw_poses(image, self, **options)

    def to_coco(
        self, image_id: int | str, category_id: int | str = 1, *, decimals: int | None = None
    ) -> list[CocoRecord]:
        """Return the people in COCO's results format.

        Boxes are left out on purpose: with them COCO's evaluation takes areas from the boxes, not from the keypoints.

        Args:
            image_id: of the image in the annotations.
            category_id: of a person.
            decimals: round positions to so many, scores to two more; None keeps them as they are.

        Returns:
            For each person ``image_id``, ``category_id``, ``keypoints`` [x, y, score, x, ...] and ``score``.

        >>> Poses([[[1, 2]]], [[0.5]], [[0, 0, 4, 4]]).to_coco(7)
        [{'image_id': 7, 'category_id': 1, 'keypoints': [1.0, 2.0, 0.5], 'score': 0.5}]
        """
        keypoints, keypoint_scores = self.keypoints.astype(np.float64), self.keypoint_scores.astype(np.float64)
        scores = self.scores
        if decimals is not None:
            keypoints = keypoints.round(decimals)
            keypoint_scores, scores = keypoint_scores.round(decimals + 2), scores.round(decimals + 2)
        people = len(self)
        return coco_records(
            keypoints,
            keypoint_scores,
            scores,
            image_ids=np.full(people, image_id),
            category_ids=np.full(people, category_id),
        )

    def columns(self) -> dict[str, np.ndarray]:
        """Return a table with one row a person, by column.

        Returns:
            Arrays (N,): ``track_id`` (if tracked), ``filled`` (if gaps were), ``score``, ``box_x1``, ``box_y1``,
            ``box_x2``, ``box_y2``, ``box_score``, and for each keypoint ``NAME_x``, ``NAME_y`` and ``NAME_score``;
            pixels of the image.

        >>> list(Poses([[[1, 2]]], [[0.5]], [[0, 0, 4, 4]]).columns())[-3:]
        ['keypoint_0_x', 'keypoint_0_y', 'keypoint_0_score']
        """
        table = {} if self.track_ids is None else dict(track_id=self.track_ids)
        if self.filled is not None:
            table['filled'] = self.filled
        table['score'] = self.scores
        table |= {f'box_{name}': self.boxes[:, i] for i, name in enumerate(('x1', 'y1', 'x2', 'y2'))}
        table['box_score'] = self.box_scores
        for k, name in enumerate(self.keypoint_names):
            table[f'{name}_x'], table[f'{name}_y'] = self.keypoints[:, k, 0], self.keypoints[:, k, 1]
            table[f'{name}_score'] = self.keypoint_scores[:, k]
        return table

    def to_dataframe(self) -> 'pd.DataFrame':
        """Return a pandas table with one row a person and the columns of `columns`.

        Raises:
            MissingPackageError: pandas is not installed.
        """
        from .pose_packages import pandas_frame

        return pandas_frame(self.columns())

    def to_supervision(self) -> 'sv.KeyPoints':
        """Return supervision's key points; ``data['covariance']`` (N, K, 2, 2) where covariances are known.

        Raises:
            MissingPackageError: supervision is not installed.
        """
        from .pose_packages import supervision_key_points

        return supervision_key_points(self)

    def to_data_sample(self, metainfo: Mapping[str, object] | None = None) -> 'PoseDataSample':
        """Return mmpose's sample: ``pred_instances`` with all people.

        Args:
            metainfo: of the sample, such as ``img_path``.

        >>> sample = Poses([[[1, 2]]], [[0.5]], [[0, 0, 4, 4]]).to_data_sample(dict(img_path='a.jpg'))
        >>> sample.img_path, sample.pred_instances.keypoints.tolist(), sample.pred_instances.bboxes.tolist()
        ('a.jpg', [[[1.0, 2.0]]], [[0.0, 0.0, 4.0, 4.0]])
        """
        from .pose_packages import pose_data_sample

        return pose_data_sample(self, dict(metainfo or {}))

    def equals(self, other: object, *, atol: float = 0.0) -> bool:
        """Tell whether the same people stand in the same order, NaN being equal to NaN.

        Args:
            other: usually `Poses`.
            atol: the largest difference that counts as none, in pixels and in units of a score.

        >>> one = Poses([[[1, 2]]], [[0.5]], [[0, 0, 4, 4]])
        >>> one.equals(one[[0]]), one.equals(Poses.empty(1))
        (True, False)
        """
        if not isinstance(other, Poses):
            return False
        for name in _array_names():
            ours, theirs = getattr(self, name), getattr(other, name)
            if (ours is None) != (theirs is None):
                return False
            if ours is not None and (
                ours.shape != theirs.shape or not np.allclose(ours, theirs, rtol=0, atol=atol, equal_nan=True)
            ):
                return False
        return True


def _array_names() -> list[str]:
    return [field.name for field in fields(Poses) if field.name not in _KEPT_WHOLE]
