"""From one dataset's keypoints to another's."""

from collections.abc import Sequence

from ...registry import TRANSFORMS
from ...structures.keypoint_mapping import KeypointMapping
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
        if any(isinstance(source, list | tuple) and len(source) != 2 for source, _ in self.mapping):
            raise InputError(f'KeypointConverter: a source is an id or a pair of ids, got mapping {self.mapping}')
        self._mapping = KeypointMapping(num_keypoints, self.mapping)

    def transform(self, results: dict) -> dict:
        """Renumber.

        Raises:
            ValueError: the mapping names a source that the sample lacks.

        >>> person = dict(keypoints=np.array([[[2.0, 4.0], [6.0, 8.0]]]), keypoints_visible=np.array([[1.0, 0.0]]))
        >>> results = KeypointConverter(2, [((0, 1), 0), (0, 1)])(person)
        >>> results['keypoints'].tolist(), results['keypoints_visible'].tolist()
        ([[[4.0, 6.0], [2.0, 4.0]]], [[0.0, 1.0]])
        """
        results['keypoints'] = self._mapping.mean(results['keypoints'])
        results['keypoints_visible'] = self._mapping.product(results['keypoints_visible'])
        return results
