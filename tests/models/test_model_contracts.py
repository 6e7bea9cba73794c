"""A new backbone, head and codec are new files and a registration: these toys are known to no other file."""

import numpy as np
import pytest
import torch
from mmengine.optim import OptimWrapper
from pose_nets import batch
from torch import nn

from mmpose_dark.codecs import BaseKeypointCodec
from mmpose_dark.models import BaseBackbone, BaseHead
from mmpose_dark.models.heads.build_codec import build_codec
from mmpose_dark.models.heads.targets import join_batch
from mmpose_dark.registry import KEYPOINT_CODECS, MODELS
from mmpose_dark.structures.points import Points

FLIP = [0, 2, 1, 3]


class ToyAxisCodec(BaseKeypointCodec):
    """A keypoint as two distributions, over columns and over rows; the mean is the place."""

    def __init__(self, input_size):
        self.input_size = tuple(input_size)

    def batch_encode(self, keypoints, visible=None):
        width, height = self.input_size
        sizes = torch.arange(width), torch.arange(height)
        parts = [torch.exp(-((s - keypoints[..., i, None]) ** 2) / 18) for i, s in enumerate(sizes)]
        return torch.cat(parts, -1), torch.ones_like(keypoints[..., 0]) if visible is None else visible

    def batch_decode(self, maps):
        width, _ = self.input_size
        return torch.stack([self._mean(maps[..., :width]), self._mean(maps[..., width:])], -1), maps.amax(-1)

    def mirror(self, maps, flip_indices, *, shift=False):
        width, _ = self.input_size
        maps = maps[:, flip_indices]
        return torch.cat([maps[..., :width].flip(-1), maps[..., width:]], -1)

    @staticmethod
    def _mean(part):
        weights = part.clamp(min=0) + 1e-9
        return (weights * torch.arange(part.shape[-1])).sum(-1) / weights.sum(-1)


class ToyAxisHead(BaseHead):
    """Two outputs instead of one."""

    def __init__(self, in_channels, out_channels, decoder):
        super().__init__()
        self.decoder = build_codec(decoder)
        self.out_channels = out_channels
        width, height = self.decoder.input_size
        self.across = nn.Linear(in_channels, out_channels * width)
        self.down = nn.Linear(in_channels, out_channels * height)

    def forward(self, feats):
        x = feats[-1].mean((-1, -2))
        return tuple(layer(x).unflatten(-1, (self.out_channels, -1)) for layer in (self.across, self.down))

    def average_flipped(self, outputs, mirrored, flip_indices, *, shift=False):
        width, _ = self.decoder.input_size
        back = self.decoder.mirror(torch.cat(mirrored, -1), flip_indices)
        mean = (torch.cat(outputs, -1) + back) / 2
        return mean[..., :width], mean[..., width:]

    def points(self, outputs):
        return Points(*self.decoder.batch_decode(torch.cat(outputs, -1).detach().float()))

    def loss(self, feats, batch_data_samples, train_cfg=None):
        xy = join_batch([s.gt_instances.transformed_keypoints for s in batch_data_samples])
        target, _ = self.decoder.batch_encode(xy)
        return dict(loss_kpt=(torch.cat(self.forward(feats), -1) - target).square().mean())


class ToyPatches(BaseBackbone):
    """Patches of eight pixels."""

    def __init__(self, channels=16):
        super().__init__()
        self.embed = nn.Conv2d(3, channels, 8, 8)
        self.out_channels, self.out_strides = (channels,), (8,)

    def _frozen_parts(self):
        yield self.embed

    def forward(self, x):
        return (self.embed(x).relu(),)


@pytest.fixture(autouse=True)
def registered():
    toys = ((KEYPOINT_CODECS, ToyAxisCodec), (MODELS, ToyAxisHead), (MODELS, ToyPatches))
    for registry, toy in toys:
        registry.register_module(module=toy)
    yield
    for registry, toy in toys:
        registry.module_dict.pop(toy.__name__)


def toy_model(**kwargs):
    head = dict(
        type='ToyAxisHead', in_channels=16, out_channels=4, decoder=dict(type='ToyAxisCodec', input_size=(48, 64))
    )
    return MODELS.build(dict(type='TopDown', backbone=dict(type='ToyPatches'), head=head, **kwargs))


@pytest.mark.parametrize('flip_batch', [False, True])
def test_a_head_of_two_outputs_goes_the_common_way(flip_batch):
    model = toy_model(test_cfg=dict(flip_test=True, flip_batch=flip_batch)).eval()
    images, samples = batch(0, 3)
    with torch.no_grad():
        found = model.points(images, flip_indices=FLIP)
        results = model(images, samples, mode='predict')
        straight, mirrored = model(images), model(images.flip(-1))
    assert isinstance(straight, tuple)
    codec = model.head.decoder
    mean = (torch.cat(straight, -1) + codec.mirror(torch.cat(mirrored, -1), FLIP)) / 2
    torch.testing.assert_close(found.keypoints, codec.batch_decode(mean)[0])
    for one, xy in zip(results, found.keypoints.numpy(), strict=True):
        expected = xy / one.input_size * one.input_scale + one.input_center - one.input_scale / 2
        np.testing.assert_allclose(one.pred_instances.keypoints[0], expected, rtol=1e-5)


def test_the_toys_learn():
    model = toy_model().train()
    images, samples = batch(1, 8)
    optimizer = OptimWrapper(torch.optim.Adam(model.parameters(), 1e-2))
    seen = []
    for _ in range(30):
        loss, log = model.parse_losses(model(images, samples, mode='loss'))
        optimizer.update_params(loss)
        seen.append(log['loss_kpt'].item())
    assert seen[-1] < 0.5 * seen[0]


def test_another_network_may_stand_in_for_the_toys():
    model = toy_model().eval()
    images, _ = batch(2, 2)
    with torch.no_grad():
        expected = model.points(images)
        model.use_network(lambda inputs: model.compute_outputs(inputs))
        assert all(torch.equal(a, b) for a, b in zip(model.points(images)[:2], expected[:2], strict=True))


BACKBONES = [
    dict(type='ResNet', depth=18, out_indices=(0, 1, 3)),
    dict(type='ResNet', depth=50, strides=(1, 2, 2, 1), out_indices=(3, 2)),
    dict(type='ResNet', depth=50, num_stages=3, out_indices=(2,), deep_stem=True),
    dict(type='ResNetV1d', depth=50),
    dict(type='HourglassNet', downsample_times=3, stage_channels=(8, 8, 8, 8), stage_blocks=(1, 1, 2, 1), num_stacks=3),
    dict(type='Hourglass', num_stacks=2, num_features=128, out_channels=5),
    dict(type='VisionTransformer', arch='deit-tiny', img_size=(64, 64), out_indices=(3, -1)),
    dict(type='mmpretrain.VisionTransformer', arch='deit-tiny', img_size=(128, 96), patch_cfg=dict(padding=2)),
    dict(type='ToyPatches'),
]


@pytest.mark.parametrize('config', BACKBONES, ids=lambda c: '-'.join(map(str, c.values())))
@pytest.mark.parametrize('multiscale', [False, True])
def test_backbones_keep_their_promise(config, multiscale):
    if multiscale:
        from pose_nets import hrnet_extra

        extra = hrnet_extra(8, blocks=1, modules=(1, 1, 1), stem_blocks=1, stem_channels=16)
        extra['stage4']['multiscale_output'] = len(config) % 2 == 0
        config = dict(type='HRNet', extra=extra)
    with torch.device('meta'):
        net = MODELS.build(config).eval()
    assert isinstance(net, BaseBackbone)
    maps = net(torch.empty(1, 3, 128, 96, device='meta'))
    assert tuple(m.shape[1] for m in maps) == net.out_channels
    assert tuple((128 // m.shape[2], 96 // m.shape[3]) for m in maps) == tuple((s, s) for s in net.out_strides)


def test_every_backbone_here_is_tried():
    ours = {k for k, v in MODELS.module_dict.items() if isinstance(v, type) and issubclass(v, BaseBackbone)}
    assert ours - {'HRNet'} == {c['type'] for c in BACKBONES}


@pytest.mark.parametrize(
    ('head', 'words'),
    [
        (dict(in_channels=12), r'in_channels=12, but the backbone gives \(8,\)'),
        (dict(in_channels=(8, 16)), r'in_channels=\(8, 16\), but the backbone gives \(8,\)'),
        (dict(deconv_out_channels=(8,), deconv_kernel_sizes=(4,)), r'heatmaps of \(24, 32\) .* set codec.heatmap_size'),
    ],
)
def test_parts_that_do_not_fit_are_named_when_they_are_built(head, words):
    from pose_nets import CODEC, tiny_hrnet

    head = dict(type='HeatmapHead', in_channels=8, out_channels=4, deconv_out_channels=None, decoder=CODEC) | head
    with pytest.raises(ValueError, match=words):
        MODELS.build(dict(type='TopDown', backbone=tiny_hrnet(), head=head))


def test_what_is_no_head_or_codec_is_refused():
    from pose_nets import tiny_hrnet

    with pytest.raises(TypeError, match='KeypointMSELoss is no head'):
        MODELS.build(dict(type='TopDown', backbone=tiny_hrnet(), head=dict(type='KeypointMSELoss')))
    with pytest.raises(TypeError, match='object is no keypoint codec'):
        build_codec(object())
