"""The edge between tensors and samples: one copy to the host, then mmengine's containers."""

import numpy as np
import torch
from mmengine.structures import InstanceData

from ...structures.points import Points

__all__ = ['pack_instances', 'to_host']


def to_host(points: Points) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Copy keypoints, scores and covariances to the host, all at once.

    Args:
        points: of a batch, on any device.

    Returns:
        Keypoints (B, K, 2), scores (B, K) and covariances (B, K, 2, 2) or None, contiguous float32 arrays.

    >>> keypoints, scores, covariances = to_host(Points(torch.ones(3, 4, 2), torch.zeros(3, 4)))
    >>> keypoints.shape, scores.shape, covariances
    ((3, 4, 2), (3, 4), None)
    """
    parts = [points.keypoints, points.scores[..., None]]
    if points.covariances is not None:
        parts.append(points.covariances.flatten(-2))
    found = torch.cat(parts, dim=-1).float().cpu().numpy()
    keypoints, scores = np.ascontiguousarray(found[..., :2]), np.ascontiguousarray(found[..., 2])
    if points.covariances is None:
        return keypoints, scores, None
    return keypoints, scores, np.ascontiguousarray(found[..., 3:]).reshape(*scores.shape, 2, 2)


def pack_instances(points: Points) -> list[InstanceData]:
    """Pack a batch into mmengine's containers, one an image.

    Args:
        points: of a batch, on any device.

    Returns:
        B times ``keypoints`` (1, K, 2) and ``keypoint_scores`` (1, K), NumPy float32.

    >>> pack_instances(Points(torch.ones(3, 4, 2), torch.zeros(3, 4)))[0].keypoints.shape
    (1, 4, 2)
    """
    keypoints, scores, _ = to_host(points)
    return [
        InstanceData(keypoints=k, keypoint_scores=s) for k, s in zip(keypoints[:, None], scores[:, None], strict=True)
    ]
