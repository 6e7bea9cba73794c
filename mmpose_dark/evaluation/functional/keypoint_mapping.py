"""Reordering the keypoints of one data set as another's."""

from collections.abc import Sequence

import numpy as np

from ...utils.errors import InputError

__all__ = ['map_keypoints', 'map_sigmas']

Mapping = Sequence[tuple[int | Sequence[int], int]]


def map_keypoints(keypoints: np.ndarray, num_keypoints: int, mapping: Mapping) -> np.ndarray:
    """Reorder keypoints; those that nothing maps to are zero.

    Args:
        keypoints: (N, K, D) keypoints, last axis e.g. x, y and score; not modified.
        num_keypoints: how many there are afterwards, K'.
        mapping: pairs (source, target); several sources are averaged (as mmpose 1.x's ``KeypointConverter``).

    Returns:
        (N, K', D) keypoints.

    Raises:
        ValueError: an index outside either set.

    >>> map_keypoints(np.array([[[1.0], [2.0], [4.0]]]), 2, [(2, 0), ((0, 1), 1)]).tolist()
    [[[4.0], [1.5]]]
    """
    keypoints = np.asarray(keypoints)
    out = np.zeros((len(keypoints), num_keypoints, keypoints.shape[2]), keypoints.dtype)
    for source, target in mapping:
        sources = [source] if np.isscalar(source) else list(source)
        for place, size in ((target, num_keypoints), *((s, keypoints.shape[1]) for s in sources)):
            if not 0 <= place < size:
                raise InputError(f'keypoint mapping {source} -> {target}: {place} is not one of 0 to {size - 1}')
        out[:, target] = keypoints[:, sources].mean(1)
    return out


def map_sigmas(sigmas: np.ndarray, num_keypoints: int, mapping: Mapping) -> np.ndarray:
    """Reorder the sigmas (K,) like :func:`map_keypoints` does keypoints: (K',).

    >>> map_sigmas(np.array([0.1, 0.2]), 2, [(1, 0), (0, 1)]).tolist()
    [0.2, 0.1]
    """
    return map_keypoints(np.asarray(sigmas, np.float64)[None, :, None], num_keypoints, mapping)[0, :, 0]
