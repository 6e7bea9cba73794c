"""One row a person and frame, with named columns: what CSV and Parquet share."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ...structures.poses import Poses
from ...utils.atomic_file import write_atomic
from ...version import __version__
from ..frames import SourceInfo
from ..results import ImageResult
from .files import writing

__all__ = ['about_columns', 'column_names', 'table_of', 'write_about']

_UNITS = {
    'frame': 'number of the frame or image, from 0',
    'time': 'seconds since the first frame',
    'image': 'path of the image',
    'track_id': 'number of the person, the same in all frames',
    'filled': '1: not seen, put into a gap of the track',
    'score': 'of the person, 0..1',
    'box': 'left, top, right, bottom, pixels of the upright image',
    'x, y': 'pixels of the upright image, a whole number is the centre of a pixel',
    'var_x, var_y, cov_xy': 'square pixels: the covariance of x and y, as far as it is known; of the error where '
    'probabilities are there, else the shape of the peak',
    'probability': 'of lying within the bound that the network was calibrated for; empty without a calibration',
}


def column_names(keypoint_names: list[str]) -> list[str]:
    """Return the names of all columns, the same for every frame.

    >>> column_names(['nose'])[-6:]
    ['nose_y', 'nose_score', 'nose_var_x', 'nose_var_y', 'nose_cov_xy', 'nose_probability']
    """
    first = [
        'frame',
        'time',
        'image',
        'track_id',
        'filled',
        'score',
        'box_x1',
        'box_y1',
        'box_x2',
        'box_y2',
        'box_score',
    ]
    places = [f'{name}_{part}' for name in keypoint_names for part in ('x', 'y', 'score')]
    known = [f'{name}_{part}' for name in keypoint_names for part in ('var_x', 'var_y', 'cov_xy')]
    return first + places + known + [f'{name}_probability' for name in keypoint_names]


def table_of(result: ImageResult) -> dict[str, np.ndarray]:
    """Return the columns of a frame, (N,) each; NaN, or -1 for a track, where something is not known.

    >>> table = table_of(ImageResult('a.jpg', Poses([[[1, 2]]], [[0.5]], [[0, 0, 4, 4]]), index=3))
    >>> table['frame'].tolist(), table['keypoint_0_y'].tolist()
    ([3], [2.0])
    """
    poses = result.poses
    count = len(poses)
    covariances = poses.covariances
    if covariances is None:
        covariances = np.full((*poses.keypoints.shape, 2), np.nan)
    probabilities = poses.probabilities
    if probabilities is None:
        probabilities = np.full(poses.keypoint_scores.shape, np.nan)
    known = poses.columns()
    table = dict(
        frame=np.full(count, result.index),
        time=np.full(count, np.nan if result.time is None else result.time),
        image=np.full(count, result.path, dtype=object),
        track_id=np.full(count, -1) if poses.track_ids is None else poses.track_ids,
        filled=np.zeros(count, bool) if poses.filled is None else poses.filled,
    )
    table |= {name: values for name, values in known.items() if name not in table}
    for k, name in enumerate(poses.keypoint_names):
        table[f'{name}_var_x'], table[f'{name}_var_y'] = covariances[:, k, 0, 0], covariances[:, k, 1, 1]
        table[f'{name}_cov_xy'] = covariances[:, k, 0, 1]
        table[f'{name}_probability'] = probabilities[:, k]
    return table


def about_columns(info: SourceInfo, keypoint_set: Mapping[str, object] | None) -> dict[str, object]:
    """Return what the columns mean, and what they are of."""
    poses = Poses.empty(0 if keypoint_set is None else int(keypoint_set['num_keypoints']), keypoint_set)
    return dict(
        program=f'mmpose_dark {__version__}',
        source=asdict(info),
        keypoint_set=(keypoint_set or {}).get('dataset_name'),
        keypoint_names=poses.keypoint_names,
        skeleton=[list(link) for link in poses.skeleton],
        columns=column_names(poses.keypoint_names),
        units=_UNITS,
    )


def write_about(path: Path, about: Mapping[str, object]) -> None:
    """Write the twin of a table.

    Raises:
        OutputError: it cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps(about, indent=2) + '\n')
