"""PoseTrack's evaluation: average precision of each joint, and the accuracy of tracking (MOTA).

Written after the protocol of https://posetrack.net and checked against figures of the program ``poseval``,
which is no longer maintained.
"""

import pathlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...utils.errors import InputError, MissingFileError
from .oks_data import OksDetections, load_json
from .tracking import TrackedJoints, mot_summary

__all__ = ['PoseTrackFrame', 'PoseTrackGroundTruth', 'evaluate_posetrack']

# figure -> keypoints (PoseTrack18's order) whose values it averages; the ears (3, 4) are not evaluated
GROUPS = {
    'Head': (0, 1, 2),
    'Shou': (5, 6),
    'Elb': (7, 8),
    'Wri': (9, 10),
    'Hip': (11, 12),
    'Knee': (13, 14),
    'Ankl': (15, 16),
}
JOINTS = tuple(j for group in GROUPS.values() for j in group)
HEAD_PART = 0.6  # of the head box's diagonal is the head's size
MATCH_DISTANCE = 0.5  # head sizes
NUM_KEYPOINTS = 17


@dataclass(frozen=True)
class PoseTrackFrame:
    """The annotated people of one picture.

    Attributes:
        img_id: id of the image.
        sequence: the video it belongs to.
        xy: (G, 15, 2) pixels, the evaluated joints.
        labelled: (G, 15) boolean; without joints that lie in ignored regions.
        head_size: (G,) pixels.
        track_ids: (G,).
        ignored: polygons, each (P, 2) pixels, in which predictions do not count.
    """

    img_id: Any
    sequence: Any
    xy: np.ndarray
    labelled: np.ndarray
    head_size: np.ndarray
    track_ids: np.ndarray
    ignored: list[np.ndarray]


@dataclass(frozen=True)
class PoseTrackGroundTruth:
    """All annotated frames.

    Attributes:
        frames: those with at least one labelled person, in the order of the file: only they are evaluated.
        img_ids: ids of all images, also those without people.
        source: where it was read from, for messages.
    """

    frames: list[PoseTrackFrame]
    img_ids: frozenset
    source: str

    @classmethod
    def read(cls, source: Any) -> 'PoseTrackGroundTruth':
        """Read PoseTrack18 annotations.

        Args:
            source: path of a json file with all sequences, of a folder of one file a sequence, or a dict.

        Raises:
            FileNotFoundError: there is no such file, or no json in the folder.
            ValueError: the file is broken or an annotation lacks what is needed.
        """
        if isinstance(source, cls):
            return source
        if isinstance(source, dict):
            parts, name = [source], 'the given annotations'
        else:
            path, name = pathlib.Path(source), str(source)
            files = sorted(path.glob('*.json')) if path.is_dir() else [path]
            if not files:
                raise MissingFileError(
                    f'no .json file in {path}; expected PoseTrack18 annotations, one file a sequence'
                )
            parts = [load_json(f) for f in files]
        frames, img_ids = [], set()
        for number, part in enumerate(parts):
            if not isinstance(part, dict) or 'images' not in part or 'annotations' not in part:
                raise InputError(f"{name}: expected PoseTrack18 annotations, a dict with 'images' and 'annotations'")
            people: dict[Any, list[dict]] = {}
            for ann in part['annotations']:
                people.setdefault(ann['image_id'], []).append(ann)
            for image in part['images']:
                img_ids.add(image['id'])
                sequence = image.get('vid_id', number)
                frames += _frame(image, people.get(image['id'], []), sequence, name)
        return cls(frames=frames, img_ids=frozenset(img_ids), source=name)


def evaluate_posetrack(
    ann: str | pathlib.Path | dict | PoseTrackGroundTruth,
    results: str | pathlib.Path | list | OksDetections,
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
    scores: list[list[np.ndarray]] = [[] for _ in JOINTS]
    hits: list[list[np.ndarray]] = [[] for _ in JOINTS]
    labelled = np.zeros(len(JOINTS), int)
    tracked = TrackedJoints(len(JOINTS)) if dt.track_ids is not None else None
    for frame, rows in _by_frame(gt, dt):
        xy, score = dt.xy[rows][:, JOINTS].astype(np.float64), dt.keypoint_scores[rows][:, JOINTS]
        present = (score > 0) & ~_inside(xy, frame.ignored)
        some = present.any(1)
        rows, xy, score, present = rows[some], xy[some], score[some], present[some]
        distance = _distances(frame, xy, present)
        hit = _assign(frame, distance <= MATCH_DISTANCE)
        labelled += frame.labelled.sum(0)
        for j in range(len(JOINTS)):
            scores[j].append(score[present[:, j], j])
            hits[j].append(hit[present[:, j], j])
        if tracked is not None:
            tracked.update(frame.sequence, frame.track_ids, dt.track_ids[rows], distance, frame.labelled, present)
    precision = np.array(
        [
            _average_precision(np.concatenate(s), np.concatenate(h), n)
            for s, h, n in zip(
                (s or [np.zeros(0)] for s in scores), (h or [np.zeros(0)] for h in hits), labelled, strict=True
            )
        ]
    )
    figures = _table(100 * precision, 'AP')
    figures['Total AP'] = figures['AP']
    if tracked is not None:
        mota, totals = mot_summary(tracked)
        figures |= _table(100 * mota, 'MOTA') | totals
    return figures


def _frame(image: dict, people: list[dict], sequence: Any, name: str) -> list[PoseTrackFrame]:
    """The frame of an image, or nothing if nobody is labelled in it."""
    kept = []
    for ann in people:
        keypoints = np.asarray(ann.get('keypoints', ()), np.float64)
        if keypoints.size != 3 * NUM_KEYPOINTS:
            raise InputError(
                f'{name}: annotation {ann.get("id")} (image {image["id"]}) has {keypoints.size} numbers in '
                f"'keypoints', expected {3 * NUM_KEYPOINTS}"
            )
        keypoints = keypoints.reshape(NUM_KEYPOINTS, 3)[list(JOINTS)]
        if not (keypoints[:, 2] > 0).any():
            continue
        if len(ann.get('bbox_head', ())) != 4:
            raise InputError(
                f'{name}: annotation {ann.get("id")} (image {image["id"]}) has no head box of 4 numbers in '
                "'bbox_head', by which PoseTrack measures distances"
            )
        kept.append((keypoints, ann['bbox_head'], ann.get('track_id', -1)))
    if not kept:
        return []
    keypoints = np.stack([k for k, _, _ in kept])
    heads = np.array([h for _, h, _ in kept], np.float64)
    ignored = zip(image.get('ignore_regions_x') or (), image.get('ignore_regions_y') or (), strict=True)
    polygons = [np.array([x, y], np.float64).T for x, y in ignored if len(x) > 2]
    labelled = (keypoints[..., 2] > 0) & ~_inside(keypoints[..., :2], polygons)
    some = labelled.any(1)
    return [
        PoseTrackFrame(
            img_id=image['id'],
            sequence=sequence,
            xy=keypoints[some, :, :2],
            labelled=labelled[some],
            head_size=HEAD_PART * np.hypot(heads[some, 2], heads[some, 3]),
            track_ids=np.array([t for _, _, t in kept])[some],
            ignored=polygons,
        )
    ]


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


def _inside(xy: np.ndarray, polygons: list[np.ndarray]) -> np.ndarray:
    """Whether points (..., 2) lie inside any polygon, by counting the edges that a ray to the right crosses."""
    x, y = xy[..., 0, None], xy[..., 1, None]
    inside = np.zeros(xy.shape[:-1], bool)
    for polygon in polygons:
        (ax, ay), (bx, by) = polygon.T, np.roll(polygon, -1, 0).T
        spans = (ay > y) != (by > y)
        with np.errstate(divide='ignore', invalid='ignore'):
            crosses = x < (bx - ax) * (y - ay) / (by - ay) + ax
        inside |= (spans & crosses).sum(-1) % 2 == 1
    return inside


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
    """Means of the joints' values by group and over all that have one."""
    by_joint = dict(zip(JOINTS, values, strict=True))
    figures = {f'{g} {name}': float(np.mean([by_joint[j] for j in joints])) for g, joints in GROUPS.items()}
    known = values[~np.isnan(values)]
    return {**figures, name: float(known.mean()) if known.size else float('nan')}
