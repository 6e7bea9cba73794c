"""A head of several stages over the hourglasses that go with it."""

import pytest
import torch
from pose_nets import CODEC, batch

from mmpose_dark.models import CPMHead, HeatmapHead
from mmpose_dark.registry import MODELS

BACKBONE = dict(
    type='HourglassNet',
    num_stacks=2,
    downsample_times=2,
    stage_channels=(8, 8, 8),
    stage_blocks=(1, 1, 1),
    feat_channel=8,
)


def test_stages_are_trained_together_and_the_last_one_counts():
    head = CPMHead(6, 4, 2, decoder=CODEC, loss=[dict(type='KeypointMSELoss', loss_weight=w) for w in (0.5, 2.0)])
    feats = [torch.randn(3, 6, 16, 12) for _ in range(2)]
    _, samples = batch(0, 3)
    total = 0.0
    for i, weight in enumerate((0.5, 2.0)):
        one = HeatmapHead(6, 4, None, decoder=CODEC, loss=dict(type='KeypointMSELoss', loss_weight=weight))
        one.final_layer.load_state_dict(head.multi_final_layers[i].state_dict())
        total += one.loss(feats[i], samples)['loss_kpt'].item()
    assert head.loss(feats, samples)['loss_kpt'].item() == pytest.approx(total, rel=1e-4)
    assert torch.equal(head(feats), head.multi_final_layers[1](feats[1]))


def test_a_whole_network_predicts_and_learns():
    head = dict(type='CPMHead', in_channels=8, out_channels=4, num_stages=2, decoder=CODEC)
    model = MODELS.build(dict(type='TopDown', backbone=BACKBONE, head=head, test_cfg=dict(flip_test=True)))
    images, samples = batch(1, 2)
    model(images, samples, mode='loss')['loss_kpt'].backward()
    assert model.eval()(images, samples, mode='predict')[0].pred_instances.keypoints.shape == (1, 4, 2)


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        (dict(num_stages=1), r'num_stages=1, but the backbone gives .* \(8, 8\)'),
        (dict(in_channels=6), r'in_channels=6'),
        (dict(loss=[dict(type='KeypointMSELoss')]), '1 losses for num_stages=2'),
    ],
)
def test_parts_that_do_not_fit_are_named(changes, words):
    head = dict(type='CPMHead', in_channels=8, out_channels=4, num_stages=2, decoder=CODEC) | changes
    with pytest.raises(ValueError, match=words):
        MODELS.build(dict(type='TopDown', backbone=BACKBONE, head=head))


def test_another_number_of_feature_maps_is_named():
    with pytest.raises(ValueError, match='num_stages=2, but the network gives 1'):
        CPMHead(6, 4, 2)(torch.zeros(1, 6, 4, 4))
