"""From the results dictionary to network input and data sample."""

from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np
import torch
from mmengine.structures import BaseDataElement, InstanceData, PixelData

from ...registry import TRANSFORMS
from ...structures import PoseDataSample
from ...utils.errors import InputError
from .base import BaseTransform

__all__ = ['PackPoseInputs', 'image_to_tensor']


def image_to_tensor(image: np.ndarray) -> torch.Tensor:
    """Image to tensor, channels first.

    Args:
        image: (H, W, C).

    Returns:
        (C, H, W) in its type, contiguous.

    >>> image_to_tensor(np.zeros((4, 5, 3), np.uint8)).shape
    torch.Size([3, 4, 5])
    """
    if image.ndim == 3 and image.shape[2] == 3:
        out = np.empty((3, *image.shape[:2]), image.dtype)
        cv2.split(image, out)
        return torch.from_numpy(out)
    return torch.from_numpy(np.ascontiguousarray(np.atleast_3d(image).transpose(2, 0, 1)))


@TRANSFORMS.register_module()
class PackPoseInputs(BaseTransform):
    """Pack a sample: ``inputs`` (3, h, w) tensor and ``data_samples``, a PoseDataSample.

    Which entries become which field stands in the mapping tables; entries that a sample lacks are
    left out.

    Args:
        meta_keys: entries that become metainfo.
        pack_transformed: accepted for mmpose's configs; transformed keypoints are always packed.
    """

    instance_mapping_table: ClassVar[dict[str, str]] = dict(
        bbox='bboxes',
        bbox_center='bbox_centers',
        bbox_scale='bbox_scales',
        bbox_score='bbox_scores',
        keypoints='keypoints',
        keypoints_visible='keypoints_visible',
        transformed_keypoints='transformed_keypoints',
        head_size='head_size',
    )
    label_mapping_table: ClassVar[dict[str, str]] = dict(keypoint_weights='keypoint_weights')
    field_mapping_table: ClassVar[dict[str, str]] = dict(heatmaps='heatmaps')

    def __init__(
        self,
        meta_keys: Sequence[str] = (
            'id', 'img_id', 'img_path', 'category_id', 'crowd_index', 'ori_shape', 'img_shape', 'input_size',
            'input_center', 'input_scale', 'flip', 'flip_direction', 'flip_indices', 'raw_ann_info', 'dataset_name',
        ),
        pack_transformed: bool = False,
    ) -> None:  # fmt: skip
        self.meta_keys = tuple(meta_keys)
        self.pack_transformed = pack_transformed

    def transform(self, results: dict) -> dict:
        """Pack.

        Raises:
            ValueError: the sample has no image.

        >>> packed = PackPoseInputs()(dict(img=np.zeros((4, 5, 3), np.uint8), img_id=7))
        >>> packed['inputs'].shape, packed['data_samples'].img_id
        (torch.Size([3, 4, 5]), 7)
        """
        if 'img' not in results:
            raise InputError('PackPoseInputs: the sample has no img; LoadImage must come first in the pipeline')
        sample = PoseDataSample(metainfo={k: results[k] for k in self.meta_keys if k in results})
        instances = InstanceData()
        for key, new in self.instance_mapping_table.items():
            if results.get(key) is not None:
                # Not InstanceData's own setter, which compares all lengths at each field.
                BaseDataElement.set_field(instances, results[key], new)
        sample.gt_instances = instances
        labels = _tensors(results, results.get('label_mapping_table', self.label_mapping_table))
        if labels:
            sample.gt_instance_labels = InstanceData(**labels)
        fields = _tensors(results, results.get('field_mapping_table', self.field_mapping_table))
        if fields:
            sample.gt_fields = PixelData(**fields)
        return dict(inputs=image_to_tensor(results['img']), data_samples=sample)


def _tensors(results: dict, table: dict[str, str]) -> dict[str, torch.Tensor]:
    return {new: torch.as_tensor(results[key]) for key, new in table.items() if results.get(key) is not None}
