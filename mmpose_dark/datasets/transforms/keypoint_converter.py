"""From one dataset's keypoints to another's."""

from collections.abc import Sequence

import numpy as np

from ...registry import TRANSFORMS
from ...utils.errors import InputError
from .base import BaseTransform

__all__ = ['KeypointConverter']


@TRANSFORMS.register_module()
class KeypointConverter(BaseTransform):
    """Renumber keypoints, so that datasets with different ones train one network.

    Target keypoints without a source are zero and not visible: they have no weight in the loss.

    Replaces: ``keypoints`` (N, K, 2) and ``keypoints_visible`` (N, K).

    Args:
        num_keypoints: of the target definition, K.
        mapping: pairs (source, target) of keypoint ids; the source may be a pair of ids, whose
            middle is taken, visible where both are.

    Raises:
        ValueError: an id is out of range or a target comes twice.
    """

    def __init__(self, num_keypoints: int, mapping: Sequence[tuple[int | tuple[int, int], int]]) -> None:
        self.num_keypoints = num_keypoints
        self.mapping = list(mapping)
        sources = [s if isinstance(s, list | tuple) else (s, s) for s, _ in self.mapping]
        targets = [t for _, t in self.mapping]
        if any(len(s) != 2 or min(s) < 0 for s in sources):
            raise InputError(f'KeypointConverter: a source is an id or a pair of ids, got mapping {self.mapping}')
        if len(set(targets)) != len(targets) or not all(0 <= t < num_keypoints for t in targets):
            raise InputError(
                f'KeypointConverter: targets must be different ids below num_keypoints={num_keypoints}, got {targets}'
            )
        self._first = np.array([s[0] for s in sources], np.int64)
        self._second = np.array([s[1] for s in sources], np.int64)
        self._targets = np.array(targets, np.int64)

    def transform(self, results: dict) -> dict:
        """Renumber.

        Raises:
            ValueError: the mapping names a source that the sample lacks.
        """
        xy, visible = results['keypoints'], results['keypoints_visible']
        count = xy.shape[1]
        largest = max(self._first.max(initial=-1), self._second.max(initial=-1))
        if largest >= count:
            raise InputError(
                f'KeypointConverter: the mapping has the source {largest}, the sample has {count} keypoints'
            )
        new_xy = np.zeros((len(xy), self.num_keypoints, xy.shape[2]), xy.dtype)
        new_visible = np.zeros((len(xy), self.num_keypoints), visible.dtype)
        new_xy[:, self._targets] = (xy[:, self._first] + xy[:, self._second]) * xy.dtype.type(0.5)
        new_visible[:, self._targets] = visible[:, self._first] * visible[:, self._second]
        results['keypoints'], results['keypoints_visible'] = new_xy, new_visible
        return results
