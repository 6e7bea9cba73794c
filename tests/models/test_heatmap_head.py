import itertools

import pytest
import torch
from mmengine.structures import InstanceData, PixelData
from pose_nets import CODEC, SAME_POINT, batch

from mmpose_dark.models import HeatmapHead
from mmpose_dark.registry import KEYPOINT_CODECS


def head(**kwargs):
    return HeatmapHead(**(dict(in_channels=6, out_channels=4, deconv_out_channels=None, decoder=CODEC) | kwargs))


@pytest.mark.parametrize('kernel', [2, 3, 4])
def test_each_deconvolution_doubles_the_size(kernel):
    made = head(deconv_out_channels=(8, 10), deconv_kernel_sizes=(kernel, kernel))
    assert made((torch.randn(2, 6, 5, 7),)).shape == (2, 4, 20, 28)


def test_parameter_names_and_shapes_are_mmposes():
    made = head(deconv_out_channels=(8,), deconv_kernel_sizes=(4,), conv_out_channels=(5,), conv_kernel_sizes=(3,))
    shapes = {k: tuple(v.shape) for k, v in made.state_dict().items() if 'weight' in k or k.endswith('0.bias')}
    assert shapes == {
        'deconv_layers.0.weight': (6, 8, 4, 4),
        'deconv_layers.1.weight': (8,),
        'conv_layers.0.weight': (5, 8, 3, 3),
        'conv_layers.0.bias': (5,),
        'conv_layers.1.weight': (5,),
        'final_layer.weight': (4, 5, 1, 1),
    }


def test_small_weights_at_the_start():
    made = head(in_channels=64, deconv_out_channels=(32,), deconv_kernel_sizes=(4,))
    made.init_weights()
    for layer in (made.deconv_layers[0], made.final_layer):
        assert layer.weight.std().item() == pytest.approx(1e-3, rel=0.15)
    assert not made.final_layer.bias.any()


@pytest.mark.parametrize(
    ('kwargs', 'kernel'),
    [
        (dict(), 1),
        (dict(final_layer=dict(kernel_size=3)), 3),
        (dict(final_layer=dict(kernel_size=3, padding=1)), 3),
        (dict(final_layer=dict(type='Conv2d', kernel_size=1, bias=False)), 1),
    ],
)
def test_final_layer_keeps_the_size(kwargs, kernel):
    made = head(**kwargs)
    assert made.final_layer.kernel_size == (kernel, kernel)
    assert made((torch.randn(1, 6, 8, 6),)).shape == (1, 4, 8, 6)


@pytest.mark.parametrize('kwargs', [dict(final_layer=None), dict(has_final_layer=False)])
def test_no_final_layer(kwargs):
    x = torch.randn(1, 4, 8, 6)
    assert torch.equal(head(in_channels=4, **kwargs)((x,)), x)
    with pytest.raises(ValueError, match='without a final layer'):
        head(**kwargs)


def test_arguments_of_mmpose_0_are_translated():
    with pytest.warns(DeprecationWarning, match='extra is deprecated'):
        made = head(extra=dict(final_conv_kernel=3, num_conv_layers=2, num_conv_kernels=(1, 3)))
    assert made.final_layer.kernel_size == (3, 3)
    assert [made.conv_layers[i].kernel_size[0] for i in (0, 3)] == [1, 3]
    with pytest.warns(DeprecationWarning, match='extra is deprecated'):
        made = head(in_channels=4, extra=dict(final_conv_kernel=0))
    assert not list(made.parameters())


@pytest.mark.parametrize(
    ('kwargs', 'words'),
    [
        (dict(deconv_out_channels=(8, 8), deconv_kernel_sizes=(4,)), 'deconv_kernel_sizes'),
        (dict(deconv_out_channels=(8,), deconv_kernel_sizes=None), 'deconv_kernel_sizes'),
        (dict(deconv_out_channels=(8,), deconv_kernel_sizes=(5,)), r'\[2, 3, 4\]'),
        (dict(conv_out_channels=(8,)), 'conv_kernel_sizes'),
        (dict(extra=dict(num_conv=1)), 'num_conv_layers'),
        (dict(extra=dict(final_conv_kernel=2)), '0, 1 or 3'),
        (dict(final_layer=dict(type='DeformConv')), 'Conv2d'),
        (dict(acc_interval=0), 'acc_interval'),
    ],
)
@pytest.mark.filterwarnings('ignore:HeatmapHead')
def test_wrong_arguments_are_named(kwargs, words):
    with pytest.raises(ValueError, match=words):
        head(**kwargs)


@pytest.mark.parametrize(('index', 'channels'), [(-1, 6), (0, 3)])
def test_the_chosen_feature_map_is_read(index, channels):
    feats = (torch.randn(1, 3, 16, 12), torch.randn(1, 6, 8, 6))
    made = head(in_channels=(3, 6), input_index=index)
    torch.testing.assert_close(made(feats), made.final_layer(feats[index]))


def packed(samples):
    """The same samples as GenerateTarget would have made them."""
    codec = KEYPOINT_CODECS.build(CODEC)
    for one in samples:
        made = codec.encode(one.gt_instances.transformed_keypoints, one.gt_instances.keypoints_visible)
        one.gt_fields = PixelData(heatmaps=torch.from_numpy(made['heatmaps']))
        one.gt_instance_labels = InstanceData(keypoint_weights=torch.from_numpy(made['keypoint_weights']))
    return samples


def test_targets_made_on_the_device_are_those_of_the_pipeline():
    feats = (torch.randn(5, 6, 16, 12),)
    _, samples = batch(0, 5)
    first, second = head(), head(decoder=None)
    second.load_state_dict(first.state_dict())
    on_device, from_pipeline = first.loss(feats, samples), second.loss(feats, packed(samples))
    torch.testing.assert_close(on_device, from_pipeline)


def test_loss_equals_its_definition():
    made, feats = head(), (torch.randn(3, 6, 16, 12),)
    _, samples = batch(1, 3)
    got = made.loss(feats, samples)
    codec, output, expected = KEYPOINT_CODECS.build(CODEC), made(feats), 0.0
    for i, one in enumerate(samples):
        target = codec.encode(one.gt_instances.transformed_keypoints, one.gt_instances.keypoints_visible)
        error = (output[i].detach().numpy() - target['heatmaps']) ** 2
        expected += (error * target['keypoint_weights'][0][:, None, None]).mean() / 3
    assert got['loss_kpt'].item() == pytest.approx(expected, rel=1e-4)
    assert got['loss_kpt'].requires_grad
    assert not got['acc_pose'].requires_grad


def test_loss_is_summed_over_several_outputs():
    made = head(multi_output=True)
    feats = tuple(torch.randn(2, 6, 16, 12) for _ in range(3))
    _, samples = batch(2, 2)
    total = made.loss(feats, samples)['loss_kpt']
    torch.testing.assert_close(total, sum(made.loss((f,), samples)['loss_kpt'] for f in feats))
    assert torch.equal(made(feats), made(feats[2:]))


def test_accuracy_is_computed_now_and_then():
    made = head(acc_interval=3)
    _, samples = batch(3, 4)
    seen = [made.loss((torch.randn(4, 6, 16, 12),), samples)['acc_pose'] for _ in range(7)]
    assert [a is b for a, b in itertools.pairwise(seen)] == [True, True, False, True, True, False]


def test_nothing_in_the_loss_reads_a_value_from_the_device():
    """Tensors of the meta device have no values: whatever copied one to the host would fail."""
    made = head(multi_output=True, acc_interval=1).to('meta')
    _, samples = batch(4, 4)
    for labelled in (samples, packed(samples)):
        losses = made.loss(tuple(torch.zeros(4, 6, 16, 12, device='meta') for _ in range(2)), labelled)
        losses['loss_kpt'].backward()
        assert losses['acc_pose'].device.type == 'meta'


def test_autocast_does_not_reach_the_codec():
    made, feats = head(), (torch.randn(3, 6, 16, 12),)
    _, samples = batch(5, 3)
    plain = made.loss(feats, samples)['loss_kpt']
    with torch.autocast('cpu', torch.bfloat16):
        mixed = made.loss(feats, samples)['loss_kpt']
        preds = made.predict(feats, samples)
    assert mixed.dtype == torch.float32
    assert mixed.item() == pytest.approx(plain.item(), rel=2e-3)
    assert preds[0].keypoints.dtype.name == 'float32'


def test_decoding_is_the_codecs():
    made, feats = head(), (torch.randn(3, 6, 16, 12),)
    preds, fields = made.predict(feats, [None] * 3, dict(output_heatmaps=True))
    codec, heatmaps = KEYPOINT_CODECS.build(CODEC), made(feats).detach().numpy()
    for pred, field, maps in zip(preds, fields, heatmaps, strict=True):
        keypoints, scores = codec.decode(maps)
        assert pred.keypoints.shape == (1, 4, 2)
        assert abs(pred.keypoints - keypoints).max() < SAME_POINT
        assert (pred.keypoint_scores == scores).all()
        assert (field.heatmaps.numpy() == maps).all()


def _without(samples, field):
    for one in samples:
        delattr(one.gt_instances, field)
    return samples


@pytest.mark.parametrize(
    ('samples', 'kwargs', 'words'),
    [
        ([], {}, 'got none'),
        (_without(batch(6, 2)[1], 'transformed_keypoints'), {}, 'transformed_keypoints'),
        (batch(6, 2)[1], dict(decoder=None), 'decoder'),
        (packed(batch(6, 1)[1]) + batch(6, 1)[1], {}, '1 of 2 samples'),
        (batch(6, 2, keypoints=5)[1], {}, '4 heatmaps .* 5 keypoints'),
    ],
)
def test_samples_that_cannot_be_learned_from_are_named(samples, kwargs, words):
    with pytest.raises(ValueError, match=words):
        head(**kwargs).loss((torch.zeros(2, 6, 16, 12),), samples)


def test_a_head_without_codec_says_so():
    with pytest.raises(RuntimeError, match='no decoder'):
        head(decoder=None).predict((torch.zeros(1, 6, 16, 12),), [None])
