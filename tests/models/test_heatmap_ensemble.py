import numpy as np
import pytest
import torch
from pose_nets import FLIP_INDICES, SAME_POINT, batch, hrnet_extra, tiny_hrnet, tiny_topdown

from mmpose_dark.models.pose_estimators import HeatmapEnsemble
from mmpose_dark.registry import MODELS

HEAD = dict(type='HeatmapHead', in_channels=8, out_channels=4, deconv_out_channels=None)
CODEC = dict(type='MSRAHeatmap', input_size=(48, 64), heatmap_size=(12, 16), sigma=1, unbiased=True)


def ensemble(singles, **kwargs):
    model = MODELS.build(
        dict(
            type='HeatmapEnsemble',
            backbone=tiny_hrnet(),
            head=dict(HEAD, decoder=CODEC),
            others=len(singles) - 1,
            **kwargs,
        )
    )
    for member, single in zip(model.members, singles, strict=True):
        member.load_state_dict(single.state_dict())
    return model.eval()


@pytest.mark.parametrize('flip', [False, True])
@pytest.mark.parametrize('shift', [False, True])
def test_the_mean_of_the_networks_heatmaps_is_decoded_once(flip, shift):
    options = dict(flip_test=flip, shift_heatmap=shift, output_heatmaps=True)
    singles = [tiny_topdown(seed=s, test_cfg=options).eval() for s in range(3)]
    images, samples = batch(0, 2)
    with torch.no_grad():
        heatmaps = [[r.pred_fields.heatmaps for r in single(images, samples, mode='predict')] for single in singles]
        results = ensemble(singles, test_cfg=options)(images, samples, mode='predict')
    for i, result in enumerate(results):
        mean = sum(h[i] for h in heatmaps) / 3
        torch.testing.assert_close(result.pred_fields.heatmaps, mean)
        keypoints, scores = singles[0].head.decoder.decode(result.pred_fields.heatmaps.numpy())
        expected = keypoints / (48, 64) * result.input_scale + result.input_center - 0.5 * result.input_scale
        np.testing.assert_allclose(result.pred_instances.keypoints, expected, atol=5 * SAME_POINT)
        np.testing.assert_allclose(result.pred_instances.keypoint_scores, scores, rtol=1e-5)


def test_copies_of_one_network_are_that_network():
    options = dict(flip_test=True)
    single = tiny_topdown(test_cfg=options).eval()
    images, samples = batch(1, 2)
    with torch.no_grad():
        alone = [s.pred_instances.keypoints for s in single(images, samples, mode='predict')]
        model = ensemble([single] * 2, test_cfg=options)
        together = [s.pred_instances.keypoints for s in model(images, samples, mode='predict')]
        torch.testing.assert_close(model(images), single(images))
    np.testing.assert_allclose(together, alone, atol=5 * SAME_POINT)


def test_networks_of_different_kinds():
    extra = hrnet_extra(16, blocks=1, modules=(1, 1, 1), stem_blocks=1, stem_channels=16)
    other = dict(backbone=dict(type='HRNet', extra=extra), head=dict(HEAD, in_channels=16))
    model = HeatmapEnsemble(tiny_hrnet(), None, dict(HEAD, decoder=CODEC), others=[other]).eval()
    images, _ = batch(2, 2)
    with torch.no_grad():
        expected = (model.members[0](images) + model.members[1](images)) / 2
        torch.testing.assert_close(model(images), expected)
    other['head'].update(deconv_out_channels=(8,), deconv_kernel_sizes=(4,))
    model = HeatmapEnsemble(tiny_hrnet(), None, dict(HEAD, decoder=CODEC), others=[other])
    with pytest.raises(ValueError, match=r'different shapes \(K, H, W\), \[\(4, 16, 12\), \(4, 32, 24\)\]'):
        model(images)


def test_networks_are_trained_side_by_side():
    singles = [tiny_topdown(seed=s) for s in range(2)]
    model = ensemble(singles).train()
    images, samples = batch(3, 2)
    losses = model(images, samples, mode='loss')
    losses['loss_kpt'].backward()
    for single, member in zip(singles, model.members, strict=True):
        single.train()
        single(images, samples, mode='loss')['loss_kpt'].backward()
        for a, b in zip(single.parameters(), member.parameters(), strict=True):
            torch.testing.assert_close(a.grad, b.grad)


def test_members_are_initialised():
    model = MODELS.build(dict(type='HeatmapEnsemble', backbone=tiny_hrnet(), head=dict(HEAD, decoder=CODEC), others=2))
    model.init_weights()
    stds = [m.head.final_layer.weight.std().item() for m in model.members]
    assert all(0.0005 < s < 0.002 for s in stds)
    assert len(set(stds)) == 3


@pytest.mark.parametrize(
    ('others', 'message'),
    [
        (0, 'leaves one network; use TopDown'),
        ([], 'leaves one network; use TopDown'),
        ([dict(head=HEAD)], r'others\[0\] has the keys head; a network has backbone'),
        ([dict(backbone=tiny_hrnet(), test_cfg={})], r'others\[0\] has the keys backbone, test_cfg'),
    ],
)
def test_mistakes_in_others(others, message):
    with pytest.raises(ValueError, match=message):
        HeatmapEnsemble(tiny_hrnet(), None, HEAD, others=others)


def test_mistakes_are_those_of_topdown():
    with pytest.raises(ValueError, match="unknown key 'flip_tset'; did you mean 'flip_test'"):
        HeatmapEnsemble(tiny_hrnet(), None, HEAD, test_cfg=dict(flip_tset=True))
    model = ensemble([tiny_topdown()] * 2)
    images, samples = batch(4, 1)
    with pytest.raises(ValueError, match="mode 'predit' is not one of"):
        model(images, samples, mode='predit')
    assert samples[0].flip_indices == FLIP_INDICES
