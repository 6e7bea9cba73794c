"""PoseTrack's evaluation: average precision of each joint, and the accuracy of tracking (MOTA).

Written after the protocol of https://posetrack.net and checked against values of the program ``poseval``,
which is no longer maintained.
"""

import os
from collections.abc import Iterator, Sequence

import numpy as np

from ...utils.errors import InputError
from .oks_detections import OksDetections
from .polygons import inside_any
from .posetrack_ground_truth import JOINT_GROUPS, JOINTS, NUM_KEYPOINTS, PoseTrackFrame, PoseTrackGroundTruth
from .tracking import TrackedJoints, mot_summary

__all__ = ['evaluate_posetrack']

MATCH_DISTANCE = 0.5  # head sizes


def evaluate_posetrack(
    ann: str | os.PathLike | dict | PoseTrackGroundTruth,
    results: str | os.PathLike | Sequence[dict] | OksDetections,
) -> dict[str, float]:
    """Average precision of joints, and MOTA if the results have track ids.

    A predicted pose belongs to the person of which it has most joints within half a head; its joints there are
    hits, all other joints of predictions are false, each with the score of its own.

    Args:
        ann: PoseTrack18 ground truth: path of a file or of a folder of sequences, a dict, or read before.
        results: COCO-style results of 17 keypoints, x, y and score of each; ``track_id`` where people are tracked.

    Returns:
        Per cent: ``Head AP``, ``Shou AP``, ``Elb AP``, ``Wri AP``, ``Hip AP``, ``Knee AP``, ``Ankl AP``, ``AP`` and
        the same as ``Total AP``, the mean over the joints; with tracks also ``Head MOTA`` and so on, ``MOTA``,
        ``MOTP``, ``Precision``, ``Recall``, and the numbers of ``Misses``, ``False positives`` and ``Switches`` over
        all joints. NaN where a joint is never labelled.

    Raises:
        FileNotFoundError: a file is not there.
        ValueError: a broken file, results for images that are not in the ground truth, a wrong number of keypoints.
    """
    gt, dt = PoseTrackGroundTruth.read(ann), OksDetections.read(results)
    dt = dt if len(dt) else OksDetections.none(NUM_KEYPOINTS)
    _check(gt, dt)
    found = [(np.zeros((0, len(JOINTS))), np.zeros((0, len(JOINTS)), bool), np.zeros((0, len(JOINTS)), bool))]
    labelled = np.zeros(len(JOINTS), int)
    tracked = TrackedJoints(len(JOINTS)) if dt.track_ids is not None else None
    for frame, rows in _by_frame(gt, dt):
        xy, score = dt.xy[rows][:, JOINTS].astype(np.float64), dt.keypoint_scores[rows][:, JOINTS]
        present = (score > 0) & ~inside_any(xy, frame.ignored)
        some = present.any(1)
        rows, xy, score, present = rows[some], xy[some], score[some], present[some]
        distance = _distances(frame, xy, present)
        found.append((score, present, _assign(frame, distance <= MATCH_DISTANCE)))
        labelled += frame.labelled.sum(0)
        if tracked is not None:
            tracked.update(frame.sequence, frame.track_ids, dt.track_ids[rows], distance, frame.labelled, present)
    scores, present, hits = (np.concatenate(part) for part in zip(*found, strict=True))
    precision = [_average_precision(scores[p, j], hits[p, j], labelled[j]) for j, p in enumerate(present.T)]
    values = _table(100 * np.array(precision), 'AP')
    values['Total AP'] = values['AP']
    if tracked is not None:
        mota, totals = mot_summary(tracked)
        values |= _table(100 * mota, 'MOTA') | totals
    return values


def _check(gt: PoseTrackGroundTruth, dt: OksDetections) -> None:
    if len(dt) and dt.xy.shape[1] != NUM_KEYPOINTS:
        raise InputError(f'{dt.source}: {dt.xy.shape[1]} keypoints, PoseTrack18 has {NUM_KEYPOINTS}')
    ids = list(dict.fromkeys(i for i in dt.img_ids.tolist() if i not in gt.img_ids))
    if ids:
        raise InputError(
            f'{dt.source}: predictions for {len(ids)} images that are not in {gt.source}: '
            f'{", ".join(map(repr, ids[:5]))}{", ..." if len(ids) > 5 else ""}'
        )
    finite = np.isfinite(dt.xy).all((1, 2)) & np.isfinite(dt.keypoint_scores).all(1)
    if not finite.all():
        bad = int(np.argmin(finite))
        raise InputError(
            f'{dt.source}: prediction {bad}, for image {dt.img_ids.tolist()[bad]!r}, holds NaN or infinity'
        )


def _by_frame(gt: PoseTrackGroundTruth, dt: OksDetections) -> Iterator[tuple[PoseTrackFrame, np.ndarray]]:
    """Each annotated frame with the rows of its detections."""
    order = np.argsort(dt.img_ids, kind='stable')
    values, starts = np.unique(dt.img_ids[order], return_index=True)
    place = dict(zip(values.tolist(), np.split(order, starts[1:]), strict=True)) if len(order) else {}
    for frame in gt.frames:
        yield frame, place.get(frame.img_id, np.zeros(0, int))


def _distances(frame: PoseTrackFrame, xy: np.ndarray, present: np.ndarray) -> np.ndarray:
    """(N, G, J) distances in head sizes, infinite where either side has no such joint."""
    with np.errstate(divide='ignore', invalid='ignore'):
        distance = np.linalg.norm(xy[:, None] - frame.xy[None], axis=-1) / frame.head_size[None, :, None]
    return np.where(present[:, None] & frame.labelled[None], distance, np.inf)


def _assign(frame: PoseTrackFrame, near: np.ndarray) -> np.ndarray:
    """(N, J) which joints of each prediction are hits.

    Each prediction goes to the person with the greatest share of near joints, each person takes the best of
    those that come to it.
    """
    hit = np.zeros((near.shape[0], near.shape[2]), bool)
    if near.shape[0] == 0 or near.shape[1] == 0:
        return hit
    share = near.sum(2) / np.maximum(frame.labelled.sum(1), 1)
    best = share.argmax(1)
    chosen = np.zeros_like(share)
    rows = np.arange(len(share))
    chosen[rows, best] = share[rows, best]
    winner = chosen.argmax(0)
    for person in np.flatnonzero(chosen.max(0) > 0):
        hit[winner[person]] = near[winner[person], person]
    return hit


def _average_precision(scores: np.ndarray, hits: np.ndarray, labelled: int) -> float:
    """Area under precision over recall, precision made falling; NaN without ground truth."""
    if labelled == 0:
        return float('nan')
    if len(scores) == 0:
        return 0.0
    order = np.argsort(scores, kind='stable')[::-1]
    found = np.cumsum(hits[order])
    recall = np.concatenate([[0.0], found / labelled, [1.0]])
    precision = np.concatenate([[0.0], found / np.arange(1, len(found) + 1), [0.0]])
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall) * precision[1:]).sum())


def _table(values: np.ndarray, name: str) -> dict[str, float]:
    """Means of the joints' values (15,) by group and over all that have one."""
    by_joint = dict(zip(JOINTS, values, strict=True))
    means = {f'{g} {name}': float(np.mean([by_joint[j] for j in joints])) for g, joints in JOINT_GROUPS.items()}
    known = values[~np.isnan(values)]
    return {**means, name: float(known.mean()) if known.size else float('nan')}
