"""What there is to draw in the data samples of one image, as arrays."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .heatmaps import heatmaps_to_image

if TYPE_CHECKING:
    from mmengine.structures import InstanceData
    from torch import Tensor

    from ..structures import PoseDataSample

__all__ = ['joined_people', 'sample_heatmaps', 'to_array']

_FIELDS = ('keypoints', 'keypoint_scores', 'keypoints_visible', 'bboxes', 'bbox_scores')


def to_array(value: 'np.typing.ArrayLike | Tensor') -> np.ndarray:
    """Return an array of any shape (...) as it is, and a tensor as a float32 array.

    >>> to_array(torch.ones(2, dtype=torch.bfloat16)).tolist(), to_array([1, 2]).shape
    ([1.0, 1.0], (2,))
    """
    return value.detach().float().cpu().numpy() if hasattr(value, 'detach') else np.asarray(value)


def joined_people(
    instances: 'Sequence[InstanceData | Mapping[str, np.ndarray]]',
) -> dict[str, np.ndarray] | None:
    """Put the people of several samples together, as far as all samples say the same things of them.

    Args:
        instances: of each sample, with any of ``keypoints`` (n, K, 2), ``keypoint_scores`` or ``keypoints_visible``
            (n, K), ``bboxes`` (n, 4) and ``bbox_scores`` (n,).

    Returns:
        The same fields for all people; None if there is no sample.

    >>> one, two = dict(keypoints=np.zeros((1, 3, 2)), bboxes=np.zeros((1, 4))), dict(keypoints=np.ones((2, 3, 2)))
    >>> {name: value.shape for name, value in joined_people([one, two]).items()}
    {'keypoints': (3, 3, 2)}
    """
    if not instances:
        return None
    shared = [name for name in _FIELDS if all(name in part for part in instances)]
    return {name: np.concatenate([to_array(part.get(name)) for part in instances]) for name in shared}


def sample_heatmaps(samples: 'Sequence[PoseDataSample]', field: str, image_hw: tuple[int, int]) -> np.ndarray | None:
    """Bring the heatmaps of one image's samples to where their crops are, joined by the maximum.

    Args:
        samples: with the metainfo ``input_center`` and ``input_scale``; without these, the heatmaps are taken to
            cover the image.
        field: 'gt_fields' or 'pred_fields'.
        image_hw: height and width of the image.

    Returns:
        (1, H, W) float32: the largest value over people and keypoints; None if no sample has heatmaps.

    >>> from mmpose_dark.structures import PoseDataSample
    >>> from mmengine.structures import PixelData
    >>> sample = PoseDataSample(metainfo=dict(input_center=(2, 2), input_scale=(4, 4)))
    >>> sample.pred_fields = PixelData(heatmaps=torch.ones(17, 4, 4))
    >>> sample_heatmaps([sample], 'pred_fields', (4, 6))[0, 0].tolist()
    [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    """
    height, width = image_hw
    joined = None
    for sample in samples:
        maps = sample.get(field, {}).get('heatmaps', None)
        if maps is None:
            continue
        largest = to_array(maps).astype(np.float32).max(axis=0, keepdims=True)
        center = sample.metainfo.get('input_center', (width / 2, height / 2))
        scale = sample.metainfo.get('input_scale', (width, height))
        placed = heatmaps_to_image(largest, center, input_scale=scale, image_hw=image_hw)
        joined = placed if joined is None else np.maximum(joined, placed)
    return joined
