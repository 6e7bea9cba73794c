"""Poses in the containers of other packages, which are imported when they are asked for."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..utils.errors import MissingPackageError
from .poses import Poses

if TYPE_CHECKING:
    import pandas as pd
    import supervision as sv

    from .pose_data_sample import PoseDataSample

__all__ = ['pandas_frame', 'pose_data_sample', 'supervision_key_points']


def pandas_frame(columns: Mapping[str, np.ndarray]) -> 'pd.DataFrame':
    """Make a table.

    Args:
        columns: arrays (N,) by name.

    Raises:
        MissingPackageError: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as err:
        raise MissingPackageError(f'Poses.to_dataframe needs pandas ({err}): pip install pandas') from err
    return pd.DataFrame(dict(columns))


def supervision_key_points(poses: Poses) -> 'sv.KeyPoints':
    """Make supervision's key points: positions, scores, covariances and tracks.

    Raises:
        MissingPackageError: supervision is not installed.
    """
    try:
        import supervision as sv
    except ImportError as err:
        raise MissingPackageError(f'Poses.to_supervision needs supervision ({err}): pip install supervision') from err
    data = {}
    if poses.covariances is not None:
        data['covariance'] = poses.covariances
    if poses.track_ids is not None:
        data['track_id'] = poses.track_ids
    # Older versions have one score, `confidence`, which is the keypoints'.
    known = {field.name for field in dataclasses.fields(sv.KeyPoints)}
    if 'keypoint_confidence' in known:
        scores = dict(keypoint_confidence=poses.keypoint_scores, detection_confidence=poses.scores.astype(np.float32))
    else:
        scores = dict(confidence=poses.keypoint_scores)
    return sv.KeyPoints(xy=poses.keypoints, class_id=np.zeros(len(poses), np.int64), data=data, **scores)


def pose_data_sample(poses: Poses, metainfo: dict[str, object]) -> 'PoseDataSample':
    """Make mmpose's sample, with the fields of its ``pred_instances``."""
    from mmengine.structures import InstanceData

    from .pose_data_sample import PoseDataSample

    sample = PoseDataSample(metainfo=metainfo)
    sample.pred_instances = InstanceData(
        keypoints=poses.keypoints,
        keypoint_scores=poses.keypoint_scores,
        keypoints_visible=poses.keypoint_scores,
        bboxes=poses.boxes,
        bbox_scores=poses.box_scores,
    )
    return sample
