import numpy as np
import pytest
import torch

from mmpose_dark.models.heads.heatmap_accuracy import heatmap_accuracy


def slow_accuracy(output, target, weights, thr):
    """Mean over keypoints of the share of hits, one keypoint at a time."""
    n, k, h, w = output.shape
    shares = []
    for j in range(k):
        hits = []
        for i in range(n):
            if weights[i, j] > 0:
                y, x = divmod(int(output[i, j].argmax()), w)
                v, u = divmod(int(target[i, j].argmax()), w)
                distance = np.hypot((x - u) / w, (y - v) / h)
                hits.append(distance < thr and output[i, j].max() > 0)
        if hits:
            shares.append(np.mean(hits))
    return np.mean(shares) if shares else 0.0


@pytest.mark.parametrize('thr', [0.05, 0.3])
@pytest.mark.parametrize('visible', [0.0, 0.4, 1.0])
def test_accuracy_equals_a_loop(thr, visible):
    target = torch.rand(6, 5, 24, 18)
    output = target + 0.02 * torch.randn_like(target)
    output[0, 0] = -1
    weights = (torch.rand(6, 5) < visible).float()
    got = heatmap_accuracy(output, target, weights, thr=thr)
    assert got.item() == pytest.approx(slow_accuracy(output.numpy(), target.numpy(), weights.numpy(), thr), abs=1e-6)
