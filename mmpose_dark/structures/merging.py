"""Several data samples of one image as one, for drawing."""

import warnings
from collections.abc import Sequence

import numpy as np
from mmengine.structures import InstanceData, PixelData

from ..utils.errors import InputError, InputTypeError
from ..utils.foreign_types import as_numbers
from .heatmap import revert_heatmap
from .pose_data_sample import PoseDataSample

__all__ = ['merge_data_samples']


def merge_data_samples(data_samples: Sequence[PoseDataSample]) -> PoseDataSample:
    """Join the people of one image.

    Args:
        data_samples: of one image, with ``pred_instances``, ``gt_instances`` or both; heatmaps are
            put back into the image and joined by the largest value. One sample alone is a list of one.

    Returns:
        One sample with the metainfo of the first; an empty one if there is none, with a warning.

    Raises:
        InputTypeError: something that is no sample, or no list.
        InputError: heatmaps of a sample that does not say where in the image they belong.

    >>> people = [PoseDataSample(metainfo=dict(img_id=7)) for _ in range(2)]
    >>> for person in people:
    ...     person.pred_instances = InstanceData(keypoints=np.zeros((1, 17, 2)))
    >>> merge_data_samples(people).pred_instances.keypoints.shape
    (2, 17, 2)
    """
    if isinstance(data_samples, PoseDataSample):
        data_samples = [data_samples]
    if not isinstance(data_samples, Sequence):
        raise InputTypeError(
            f'merge_data_samples needs a list of PoseDataSample of one image, got {type(data_samples).__name__}'
        )
    other = next((i for i, sample in enumerate(data_samples) if not isinstance(sample, PoseDataSample)), None)
    if other is not None:
        raise InputTypeError(
            'merge_data_samples needs a list of PoseDataSample of one image, got a '
            f'{type(data_samples[other]).__name__} at place {other}'
        )
    if not data_samples:
        warnings.warn('merge_data_samples: the list is empty, so the sample is', stacklevel=2)
        return PoseDataSample()
    merged = PoseDataSample(metainfo=data_samples[0].metainfo)
    for name in ('gt_instances', 'pred_instances'):
        parts = [getattr(s, name) for s in data_samples if name in s]
        if parts:
            setattr(merged, name, InstanceData.cat(parts))
    for name in ('gt_fields', 'pred_fields'):
        _require_places(data_samples, name)
        maps = [
            revert_heatmap(
                as_numbers(getattr(s, name).heatmaps, 'heatmaps', np.float32),
                s.input_center,
                s.input_scale,
                s.ori_shape,
            )
            for s in data_samples
            if name in s and 'heatmaps' in getattr(s, name)
        ]
        if maps:
            setattr(merged, name, PixelData(heatmaps=np.maximum.reduce(maps)))
    return merged


def _require_places(data_samples: Sequence[PoseDataSample], name: str) -> None:
    for sample in data_samples:
        missing = [key for key in ('input_center', 'input_scale', 'ori_shape') if key not in sample.metainfo]
        if missing and name in sample and 'heatmaps' in getattr(sample, name):
            raise InputError(
                f'merge_data_samples: the heatmaps in {name} cannot be put into the image: metainfo lacks '
                f'{missing[0]}; '
                'have it packed by PackPoseInputs(meta_keys=...), or delete the heatmaps'
            )
