"""Training targets of a batch: the packed heatmaps, or keypoints encoded where the network runs."""

import numpy as np
import torch

from ...codecs import BaseKeypointCodec
from ...structures import PoseDataSample
from ...utils.errors import InputError
from ...utils.precision import without_autocast

__all__ = ['collect_targets', 'join_batch']


def join_batch(parts: list[np.ndarray] | list[torch.Tensor], *, stack: bool = False) -> torch.Tensor:
    """Concatenate (or stack) the arrays of all samples.

    Args:
        parts: arrays (N, ...) of NumPy, or tensors on any one device.
        stack: give each part a place of its own on a new first axis.

    Returns:
        (sum of N, ...), or (len(parts), N, ...) stacked.

    >>> join_batch([np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32)])
    tensor([[0., 0.],
            [1., 1.]])
    """
    if isinstance(parts[0], torch.Tensor):
        return torch.stack(parts) if stack else torch.cat(parts)
    return torch.from_numpy(np.stack(parts) if stack else np.concatenate(parts))


def collect_targets(
    data_samples: list[PoseDataSample], decoder: BaseKeypointCodec | None, *, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gather or make the target heatmaps of a batch.

    Args:
        data_samples: B samples; see ``HeatmapHead.loss``.
        decoder: the codec, needed where samples bring no heatmaps.
        device: where the targets are wanted.

    Returns:
        Heatmaps (B, K, H, W) float32 and weights (B, K) float32, on ``device``.

    Raises:
        ValueError: samples missing, without labels, or only some of them with heatmaps.
    """
    if not data_samples:
        raise InputError('the loss needs data_samples with keypoints or heatmaps, got none')
    packed = sum('gt_fields' in sample for sample in data_samples)
    if packed == len(data_samples):
        heatmaps = join_batch([sample.gt_fields.heatmaps for sample in data_samples], stack=True)
        weights = join_batch([sample.gt_instance_labels.keypoint_weights for sample in data_samples])
        return tuple(x.to(device, torch.float32, non_blocking=True) for x in (heatmaps, weights))
    if packed:
        raise InputError(
            f'{packed} of {len(data_samples)} samples have heatmaps (gt_fields.heatmaps); use GenerateTarget in the '
            'pipelines of all datasets or in none'
        )
    if decoder is None:
        raise InputError(
            'the samples have no heatmaps and the head has no decoder to make them; set model.head.decoder=codec or '
            'add GenerateTarget(encoder=codec) to the pipeline'
        )
    first = data_samples[0].get('gt_instances', None)
    if first is None or 'transformed_keypoints' not in first or 'keypoints_visible' not in first:
        raise InputError(
            'the samples have neither gt_fields.heatmaps nor gt_instances.transformed_keypoints and '
            'gt_instances.keypoints_visible; a training pipeline ends with TopdownAffine and PackPoseInputs'
        )
    keypoints = join_batch([sample.gt_instances.transformed_keypoints for sample in data_samples])
    visible = join_batch([sample.gt_instances.keypoints_visible for sample in data_samples])
    if len(keypoints) != len(data_samples):
        raise InputError(
            f'{len(data_samples)} samples with {len(keypoints)} people: top-down samples have one person each'
        )
    keypoints, visible = (x.to(device, torch.float32, non_blocking=True) for x in (keypoints, visible))
    with without_autocast(device):  # the codec computes in float32 whatever the network does
        return decoder.batch_encode(keypoints, visible)
