"""A network with UDP's codecs trains and tests; three maps a keypoint go the common way."""

import numpy as np
import pytest
import torch
from pose_nets import FLIP_INDICES, batch, tiny_hrnet

from mmpose_dark.registry import MODELS


@pytest.mark.parametrize('heatmap_type', ['gaussian', 'combined'])
def test_trains_and_tests(heatmap_type):
    codec = dict(
        type='UDPHeatmap', input_size=(48, 64), heatmap_size=(12, 16), heatmap_type=heatmap_type, blur_kernel_size=3
    )
    combined = heatmap_type == 'combined'
    loss = dict(type='CombinedTargetMSELoss' if combined else 'KeypointMSELoss', use_target_weight=True)
    head = dict(
        type='HeatmapHead', in_channels=8, out_channels=12 if combined else 4, deconv_out_channels=None, loss=loss,
        decoder=codec,
    )  # fmt: skip
    test_cfg = dict(flip_test=True, flip_mode='udp_combined' if combined else 'heatmap', output_heatmaps=True)
    model = MODELS.build(dict(type='TopDown', backbone=tiny_hrnet(), head=head, test_cfg=test_cfg))
    images, samples = batch(0, 3)
    losses = model.train()(images, samples, mode='loss')
    losses['loss_kpt'].backward()
    assert 0 <= losses['acc_pose'] <= 1
    with torch.no_grad():
        results = model.eval()(images, samples, mode='predict')
        found = model.points(images, flip_indices=FLIP_INDICES)
    assert results[0].pred_instances.keypoints.shape == (1, 4, 2)
    assert results[0].pred_fields.heatmaps.shape == (4, 16, 12)
    assert (found.covariances is None) == combined
    assert np.isfinite(results[0].pred_instances.keypoints).all()
