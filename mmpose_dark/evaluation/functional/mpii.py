"""PCKh of MPII: keypoints nearer to the truth than half of the head's size."""

import os
from collections.abc import Mapping

import numpy as np

from ...annotations import head_sizes_of_corners, read_mat
from ...utils.errors import InputError

__all__ = ['mpii_pckh', 'mpii_summary']

# name of the value -> MPII joints that it averages
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
NUM_JOINTS = 16
FIELDS = ('pos_gt_src', 'jnt_missing', 'headboxes_src')
HINT = '; gt_valid.mat of the MPII evaluation is needed'


def mpii_pckh(predictions: np.ndarray, gt_mat: str | os.PathLike | Mapping) -> dict[str, float]:
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
    name = 'the given ground truth' if isinstance(gt_mat, Mapping) else os.fspath(gt_mat)
    mat = gt_mat if isinstance(gt_mat, Mapping) else read_mat(gt_mat, *FIELDS, what='MPII ground truth', hint=HINT)
    for field in FIELDS:
        if field not in mat:
            raise InputError(f'{name} has no {field!r}, only {", ".join(mat)}{HINT}')
    truth = np.asarray(mat['pos_gt_src'], np.float64).transpose(2, 0, 1)
    visible = np.asarray(mat['jnt_missing']).T == 0
    head = head_sizes_of_corners(mat['headboxes_src'])
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
    distances = np.linalg.norm(predictions + 1 - truth, axis=2) / head[:, None]
    return mpii_summary(np.where(visible, distances, np.nan))


def mpii_summary(distances: np.ndarray, thr: float = 0.5) -> dict[str, float]:
    """Return the values of :func:`mpii_pckh`.

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
        """(16,) numbers of joints that are near enough."""
        return (distances <= threshold).sum(0)  # NaN compares as false

    def share(joints: tuple[int, ...], threshold: float) -> float:
        joints = [j for j in joints if counts[j]]
        return float((100 * correct(threshold)[joints] / counts[joints]).mean()) if joints else -1.0

    def mean(threshold: float) -> float:
        joints = list(IN_MEAN)
        total = counts[joints].sum()
        return float(100 * correct(threshold)[joints].sum() / total) if total else -1.0

    values = {name: share(joints, thr) for name, joints in GROUPS.items()}
    return {**values, 'Mean': mean(thr), 'Mean@0.1': mean(0.1), 'Mean@0.11': mean(0.11)}
