"""Several data samples of one image as one, for drawing."""

from collections.abc import Sequence

import numpy as np
from mmengine.structures import InstanceData, PixelData

from ..utils.errors import InputError
from .heatmap import revert_heatmap
from .pose_data_sample import PoseDataSample

__all__ = ['merge_data_samples']


def merge_data_samples(data_samples: Sequence[PoseDataSample]) -> PoseDataSample:
    """Join the people of one image.

    Args:
        data_samples: of one image, with ``pred_instances``, ``gt_instances`` or both; heatmaps are
            put back into the image and joined by the largest value.

    Returns:
        One sample with the metainfo of the first.

    Raises:
        InputError: no sample, or something that is none.

    >>> people = [PoseDataSample(metainfo=dict(img_id=7)) for _ in range(2)]
    >>> for person in people:
    ...     person.pred_instances = InstanceData(keypoints=np.zeros((1, 17, 2)))
    >>> merge_data_samples(people).pred_instances.keypoints.shape
    (2, 17, 2)
    """
    if not data_samples or not all(isinstance(s, PoseDataSample) for s in data_samples):
        raise InputError(f'merge_data_samples needs at least one PoseDataSample, got {list(map(type, data_samples))}')
    merged = PoseDataSample(metainfo=data_samples[0].metainfo)
    for name in ('gt_instances', 'pred_instances'):
        parts = [getattr(s, name) for s in data_samples if name in s]
        if parts:
            setattr(merged, name, InstanceData.cat(parts))
    for name in ('gt_fields', 'pred_fields'):
        maps = [
            revert_heatmap(np.asarray(getattr(s, name).heatmaps), s.input_center, s.input_scale, s.ori_shape)
            for s in data_samples
            if name in s and 'heatmaps' in getattr(s, name)
        ]
        if maps:
            setattr(merged, name, PixelData(heatmaps=np.maximum.reduce(maps)))
    return merged
