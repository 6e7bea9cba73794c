"""Renumbering the keypoints of annotations and predictions, and PCK of heatmaps, as mmpose 1.x's functions do."""

from collections.abc import Sequence

import numpy as np

from ..evaluation.functional import keypoint_pck_accuracy
from ..structures.keypoint_mapping import KeypointMapping, Pairs, map_keypoints, map_sigmas

__all__ = ['pose_pck_accuracy', 'transform_ann', 'transform_pred', 'transform_sigmas']

Record = dict[str, object]


def transform_sigmas(
    sigmas: np.ndarray | Sequence[float], num_keypoints: int, mapping: Pairs
) -> np.ndarray | list[float]:
    """Renumber sigmas (K,), see `map_sigmas`; a list gives a list.

    >>> transform_sigmas([0.1, 0.2], 2, [(1, 0)])
    [0.2, 1.0]
    """
    mapped = map_sigmas(np.asarray(sigmas), num_keypoints, mapping)
    return mapped.tolist() if isinstance(sigmas, list) else mapped.astype(np.asarray(sigmas).dtype)


def transform_ann(ann_info: Record | list[Record], num_keypoints: int, mapping: Pairs) -> Record | list[Record]:
    """Renumber the keypoints of COCO annotations, in place.

    Args:
        ann_info: one annotation, or several; ``keypoints`` holds x, y and label of each in one list.
        num_keypoints: how many there are afterwards.
        mapping: pairs (source, target).

    Returns:
        ``ann_info``.

    >>> transform_ann(dict(keypoints=[1, 2, 2, 3, 4, 1], num_keypoints=2), 1, [(1, 0)])
    {'keypoints': [3, 4, 1], 'num_keypoints': 1}
    """
    for record in ann_info if isinstance(ann_info, list) else [ann_info]:
        if 'keypoints' in record:
            points = np.reshape(record['keypoints'], (1, -1, 3))
            record['keypoints'] = map_keypoints(points, num_keypoints, mapping).flatten().tolist()
        if 'num_keypoints' in record:
            record['num_keypoints'] = num_keypoints
    return ann_info


def transform_pred(pred_info: Record | list[Record], num_keypoints: int, mapping: Pairs) -> Record | list[Record]:
    """Renumber predictions, in place.

    Args:
        pred_info: one prediction, or several, with ``keypoints`` (N, K, C) and ``keypoint_scores`` (N, K).
        num_keypoints: how many there are afterwards.
        mapping: pairs (source, target).

    Returns:
        ``pred_info``.

    >>> found = dict(keypoints=np.array([[[1.0, 2.0], [3.0, 4.0]]]), keypoint_scores=np.array([[0.1, 0.2]]))
    >>> transform_pred(found, 1, [(1, 0)])['keypoint_scores'].tolist()
    [[0.2]]
    """
    known = KeypointMapping(num_keypoints, mapping)
    for record in pred_info if isinstance(pred_info, list) else [pred_info]:
        if 'keypoints' in record:
            for key in ('keypoints', 'keypoint_scores'):
                record[key] = known.mean(np.asarray(record[key]))
        if 'num_keypoints' in record:
            record['num_keypoints'] = num_keypoints
    return pred_info


def pose_pck_accuracy(
    output: np.ndarray, target: np.ndarray, mask: np.ndarray, thr: float = 0.05, normalize: np.ndarray | None = None
) -> tuple[np.ndarray | None, float, int]:
    """Compare the peaks of heatmaps.

    Args:
        output: (N, K, H, W) heatmaps of a network.
        target: (N, K, H, W) heatmaps to compare with.
        mask: (N, K), True where a keypoint counts.
        thr: distance below which a keypoint is right, in units of ``normalize``.
        normalize: (N, 2), what x and y are divided by; by default H and W in this order, as in mmpose.

    Returns:
        Share of right ones of each keypoint (K,), their mean, and how many keypoints count.

    >>> maps = np.eye(4).reshape(1, 1, 4, 4)
    >>> pose_pck_accuracy(maps, maps, np.array([[True]]))[1:]
    (1.0, 1)
    """
    count, keypoints, height, width = output.shape
    if not keypoints:
        return None, 0, 0
    if normalize is None:
        normalize = np.tile(np.array([[height, width]]), (count, 1))
    peaks = [_peaks(maps) for maps in (output, target)]
    return keypoint_pck_accuracy(*peaks, mask, thr, normalize)


def _peaks(maps: np.ndarray) -> np.ndarray:
    """Return the places (N, K, 2) of the largest values of heatmaps (N, K, H, W), -1 where nothing is above zero."""
    flat = maps.reshape(*maps.shape[:2], -1)
    row, column = np.divmod(flat.argmax(-1), maps.shape[-1])
    places = np.stack([column, row], axis=-1).astype(np.float32)
    places[flat.max(-1) <= 0] = -1
    return places
