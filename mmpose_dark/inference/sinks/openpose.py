"""OpenPose's JSON, one file a frame."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...structures.poses import Poses
from ...utils.atomic_file import write_atomic
from ..frames import SourceInfo
from ..results import ImageResult
from .base import BaseSink
from .files import writing

__all__ = ['OPENPOSE_COCO', 'OpenPoseSink', 'openpose_people']

OPENPOSE_COCO = (
    *('nose', 'neck', 'right_shoulder', 'right_elbow', 'right_wrist', 'left_shoulder', 'left_elbow', 'left_wrist'),
    *('right_hip', 'right_knee', 'right_ankle', 'left_hip', 'left_knee', 'left_ankle', 'right_eye', 'left_eye'),
    *('right_ear', 'left_ear'),
)
"""Order of OpenPose's COCO model: 18 keypoints, of which the neck is no keypoint of COCO."""

_OTHER_PARTS = ('face_keypoints_2d', 'hand_left_keypoints_2d', 'hand_right_keypoints_2d', 'pose_keypoints_3d')


def openpose_people(poses: Poses) -> list[dict[str, list[float] | list[int]]]:
    """Return people as OpenPose writes them.

    Keypoints called as COCO's come in the order of OpenPose's COCO model, with the neck between the shoulders and the
    lower of their scores; of a set without these names all keypoints come in their own order.

    Args:
        poses: N people.

    Returns:
        For each ``person_id`` [track number, -1 for none] and ``pose_keypoints_2d`` [x, y, score, x, ...]; a keypoint
        that is not known is 0, 0, 0.

    >>> openpose_people(Poses([[[1, 2]]], [[0.5]], [[0, 0, 4, 4]]))[0]['pose_keypoints_2d']
    [1.0, 2.0, 0.5]
    """
    values = np.concatenate([poses.keypoints, poses.keypoint_scores[..., None]], -1).astype(np.float64)
    values[~np.isfinite(values).all(-1)] = 0
    names = poses.keypoint_names
    if set(OPENPOSE_COCO) - {'neck'} <= set(names):
        shoulders = values[:, [names.index('left_shoulder'), names.index('right_shoulder')]]
        neck = np.concatenate([shoulders[..., :2].mean(1), shoulders[..., 2].min(1, keepdims=True)], -1)
        values = np.stack([neck if n == 'neck' else values[:, names.index(n)] for n in OPENPOSE_COCO], 1)
    ids = np.full(len(poses), -1) if poses.track_ids is None else poses.track_ids
    return [
        dict(person_id=[int(i)], pose_keypoints_2d=row.ravel().round(4).tolist(), **{part: [] for part in _OTHER_PARTS})
        for i, row in zip(ids, values, strict=True)
    ]


class OpenPoseSink(BaseSink):
    """Writes ``STEM_openpose/STEM_000000000012_keypoints.json``, one file a frame, as OpenPose calls them."""

    format = 'openpose'

    @property
    def outputs(self) -> Sequence[Path]:
        """The folder."""
        return [self.folder / f'{self.stem}_openpose']

    @property
    def writes_folder(self) -> bool:
        """True."""
        return True

    def open(self, info: SourceInfo, keypoint_set: Mapping[str, object] | None) -> None:
        """Make the folder.

        Raises:
            OutputError: it cannot be made.
        """
        with writing(self.outputs[0]):
            self.outputs[0].mkdir(parents=True, exist_ok=True)

    def write(self, result: ImageResult) -> None:
        """Write a frame, also one without people.

        Raises:
            OutputError: full disk.
        """
        path = self.outputs[0] / f'{self.stem}_{result.index:012d}_keypoints.json'
        with writing(path):
            write_atomic(path, json.dumps(dict(version=1.3, people=openpose_people(result.poses))))

    def close(self) -> None:
        """Nothing is left to do."""
