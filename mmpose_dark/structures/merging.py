"""Several data samples of one image as one, for drawing."""

from collections.abc import Sequence

import cv2
import numpy as np
from mmengine.structures import InstanceData, PixelData

from ..utils.errors import InputError
from .bbox import get_warp_matrix
from .pose_data_sample import PoseDataSample

__all__ = ['merge_data_samples', 'revert_heatmap']


def revert_heatmap(
    heatmap: np.ndarray, input_center: np.ndarray, input_scale: np.ndarray, img_shape: tuple[int, int]
) -> np.ndarray:
    """Put heatmaps of a crop where the crop was in the image.

    Args:
        heatmap: (K, H, W) or (H, W).
        input_center: (2,) x, y of the crop in image pixels.
        input_scale: (2,) width, height of the crop in image pixels.
        img_shape: height and width of the image.

    Returns:
        (K, height, width) or (height, width), zero outside the crop.

    >>> crop = np.array([8., 8.]), np.array([8., 8.])
    >>> revert_heatmap(np.ones((2, 4, 4), np.float32), *crop, (16, 16)).sum(axis=(1, 2))
    array([64., 64.], dtype=float32)
    """
    maps = heatmap[None] if heatmap.ndim == 2 else heatmap
    height, width = img_shape
    matrix = get_warp_matrix(input_center, input_scale, 0.0, (maps.shape[2], maps.shape[1]), inv=True)
    warped = np.stack([cv2.warpAffine(np.ascontiguousarray(m, np.float32), matrix, (width, height)) for m in maps])
    return warped[0] if heatmap.ndim == 2 else warped


def merge_data_samples(data_samples: Sequence[PoseDataSample]) -> PoseDataSample:
    """Join the people of one image.

    Args:
        data_samples: of one image, with ``pred_instances``, ``gt_instances`` or both; heatmaps are
            put back into the image and joined by the largest value.

    Returns:
        One sample with the metainfo of the first.

    Raises:
        ValueError: no sample, or something that is none.
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
