"""JSON Lines: everything that is known of each frame, a line each."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...structures.poses import Poses
from ..frames import SourceInfo
from ..results import ImageResult
from .base import BaseSink
from .files import Stream

__all__ = ['JsonLinesSink', 'frame_record']


def frame_record(result: ImageResult) -> dict[str, object]:
    """Return all that is known of a frame as plain types.

    Returns:
        ``index``, ``time`` (seconds or null), ``image`` (path), ``error`` and ``people``: for each ``track_id``,
        ``filled``, ``score``, ``bbox`` [left, top, right, bottom], ``bbox_score``, ``keypoints`` K times [x, y],
        ``keypoint_scores``, of a calibrated network ``keypoint_probabilities``, and ``covariances`` K times [xx, xy,
        yy], null where not known; pixels of the image.

    >>> result = ImageResult('a.jpg', Poses([[[1, 2]]], [[0.5]], [[0, 0, 4, 4]]))
    >>> frame_record(result)['people'][0]['keypoints']
    [[1.0, 2.0]]
    """
    poses = result.poses
    people = []
    for i in range(len(poses)):
        person: dict[str, object] = {}
        if poses.track_ids is not None:
            person['track_id'] = int(poses.track_ids[i])
        if poses.filled is not None:
            person['filled'] = bool(poses.filled[i])
        person |= dict(
            score=_plain(poses.scores[i], 4),
            bbox=_plain(poses.boxes[i], 2),
            bbox_score=_plain(poses.box_scores[i], 4),
            keypoints=_plain(poses.keypoints[i], 2),
            keypoint_scores=_plain(poses.keypoint_scores[i], 4),
        )
        if poses.probabilities is not None:
            person['keypoint_probabilities'] = _plain(poses.probabilities[i], 4)
        if poses.covariances is not None:
            parts = poses.covariances[i].reshape(-1, 4)[:, [0, 1, 3]]
            person['covariances'] = [values if None not in values else None for values in _plain(parts, 3)]
        people.append(person)
    return dict(index=result.index, time=_plain(result.time, 6), image=result.path, error=result.error, people=people)


def _plain(values: np.typing.ArrayLike | None, decimals: int) -> object:
    """Round, and put None where a number is not finite."""
    if values is None:
        return None
    array = np.asarray(values, np.float64).round(decimals)
    if np.isfinite(array).all():
        return array.tolist()
    return np.where(np.isfinite(array), array, None).tolist()


class JsonLinesSink(BaseSink):
    """Writes ``STEM.jsonl``: first a line about the source and the keypoints, then one a frame, see `frame_record`."""

    format = 'jsonl'

    @property
    def outputs(self) -> Sequence[Path]:
        """The file."""
        return [self.folder / f'{self.stem}.jsonl']

    def open(self, info: SourceInfo, keypoint_set: Mapping[str, object] | None) -> None:
        """Begin.

        Raises:
            OutputError: it cannot be written.
        """
        poses = Poses.empty(0 if keypoint_set is None else int(keypoint_set['num_keypoints']), keypoint_set)
        head = dict(
            source=info.name, kind=info.kind, fps=info.fps, size=info.size, keypoint_names=poses.keypoint_names,
            skeleton=poses.skeleton, unit='pixels of the upright image, a whole number is the centre of a pixel',
        )  # fmt: skip
        self._stream = Stream(self.outputs[0])
        self._stream.add(json.dumps(head) + '\n')

    def write(self, result: ImageResult) -> None:
        """Write a line.

        Raises:
            OutputError: full disk.
        """
        self._stream.add(json.dumps(frame_record(result), allow_nan=False) + '\n')

    def close(self) -> None:
        """Finish the file.

        Raises:
            OutputError: full disk.
        """
        self._stream.close()

    def abort(self) -> None:
        """Leave what was written."""
        self._stream.abort()
