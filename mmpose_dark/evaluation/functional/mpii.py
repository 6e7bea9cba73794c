"""PCKh of MPII: keypoints nearer to the truth than half of the head's size."""

import pathlib
from typing import Any

import numpy as np

from ...utils.errors import InputError, MissingFileError

__all__ = ['mpii_pckh', 'mpii_summary']

# figure -> MPII joints that it averages
GROUPS = {
    'Head': (9,),
    'Shoulder': (13, 12),
    'Elbow': (14, 11),
    'Wrist': (15, 10),
    'Hip': (3, 2),
    'Knee': (4, 1),
    'Ankle': (5, 0),
}
IN_MEAN = tuple(j for j in range(16) if j not in (6, 7))  # all but pelvis and thorax
HEAD_PART = 0.6  # of the head box's diagonal is the head's size
NUM_JOINTS = 16


def mpii_pckh(predictions: np.ndarray, gt_mat: str | pathlib.Path | dict) -> dict[str, float]:
    """PCKh on MPII's validation set, from the file of the original evaluation.

    Args:
        predictions: (N, 16, 2) x, y in image pixels, the first pixel being 0 (the file's is 1), in the order of the
            file's people.
        gt_mat: path of ``gt_valid.mat``, or its content: ``pos_gt_src`` (16, 2, N), ``jnt_missing`` (16, N),
            ``headboxes_src`` (2, 2, N).

    Returns:
        Per cent for ``Head``, ``Shoulder``, ``Elbow``, ``Wrist``, ``Hip``, ``Knee``, ``Ankle``, all at 0.5, the
        ``Mean`` (each visible joint but pelvis and thorax with the same weight), ``Mean@0.1`` (threshold 0.10, as
        the toolbox's model zoo) and ``Mean@0.11`` (what the scripts of the DARK, HRNet and Simple
        Baselines papers call Mean@0.1). -1 for a joint that is never visible.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: shapes that do not fit, fields missing from the file, or a prediction that is not finite.
    """
    mat, name = _load(gt_mat)
    try:
        truth = np.asarray(mat['pos_gt_src'], np.float64).transpose(2, 0, 1)
        visible = np.asarray(mat['jnt_missing']).T == 0
        boxes = np.asarray(mat['headboxes_src'], np.float64)
    except KeyError as err:
        found = ', '.join(k for k in mat if not k.startswith('__'))
        raise InputError(
            f'{name} has no {err.args[0]!r}, only {found}; it is not the file gt_valid.mat of MPII'
        ) from err
    predictions = np.asarray(predictions, np.float64)
    if predictions.shape != truth.shape:
        raise InputError(
            f'predictions {predictions.shape} must be (people, joints, 2) = {truth.shape}, as the people of {name}'
        )
    lost = visible & ~np.isfinite(predictions).all(-1)
    if lost.any():
        person, joint = (int(i) for i in np.argwhere(lost)[0])
        raise InputError(
            f'{int(lost.sum())} predicted joints are NaN or infinite, the first is joint {joint} of person {person}'
        )
    head = np.linalg.norm(boxes[1] - boxes[0], axis=0) * HEAD_PART
    distances = np.linalg.norm(predictions + 1 - truth, axis=2) / head[:, None]
    return mpii_summary(np.where(visible, distances, np.nan))


def mpii_summary(distances: np.ndarray, thr: float = 0.5) -> dict[str, float]:
    """Return the figures of :func:`mpii_pckh`.

    Args:
        distances: (N, 16) in head sizes, NaN where the joint is not visible.
        thr: threshold of all but the means at 0.1 and 0.11.

    Raises:
        ValueError: not 16 joints.

    >>> mpii_summary(np.full((2, 16), 0.105))['Mean@0.11']
    100.0
    """
    distances = np.asarray(distances, np.float64)
    if distances.ndim != 2 or distances.shape[1] != NUM_JOINTS:
        raise InputError(f'distances {distances.shape} must be (people, {NUM_JOINTS}): MPII has {NUM_JOINTS} joints')
    counts = np.isfinite(distances).sum(0)

    def correct(threshold: float) -> np.ndarray:
        return (distances <= threshold).sum(0)  # NaN compares as false

    def share(joints: tuple[int, ...], threshold: float) -> float:
        joints = [j for j in joints if counts[j]]
        return float((100 * correct(threshold)[joints] / counts[joints]).mean()) if joints else -1.0

    def mean(threshold: float) -> float:
        joints = list(IN_MEAN)
        total = counts[joints].sum()
        return float(100 * correct(threshold)[joints].sum() / total) if total else -1.0

    figures = {name: share(joints, thr) for name, joints in GROUPS.items()}
    return {**figures, 'Mean': mean(thr), 'Mean@0.1': mean(0.1), 'Mean@0.11': mean(0.11)}


def _load(gt_mat: str | pathlib.Path | dict) -> tuple[dict[str, Any], str]:
    if isinstance(gt_mat, dict):
        return gt_mat, 'the given ground truth'
    path = pathlib.Path(gt_mat)
    if not path.is_file():
        raise MissingFileError(f'MPII ground truth not found: {path} (gt_valid.mat of the MPII evaluation)')
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        return loadmat(str(path)), str(path)
    except (MatReadError, ValueError, TypeError, NotImplementedError, OSError) as err:
        raise InputError(
            f'{path} ({path.stat().st_size} bytes) is no readable .mat file, perhaps cut off: {err}'
        ) from err
