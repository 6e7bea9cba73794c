"""FeatureMapProcessor: each step against numpy, its promise, and what the pose estimator makes of that."""

import cv2
import numpy as np
import pytest
import torch

from mmpose_dark.models import FeatureMapProcessor
from mmpose_dark.registry import MODELS

TINY = dict(
    type='VisionTransformer',
    arch=dict(embed_dims=8, num_layers=2, num_heads=2, feedforward_channels=32),
    img_size=(64, 48),
    out_indices=(0, 1),
)


def maps(*shapes):
    return tuple(torch.randn(2, *shape, generator=torch.Generator().manual_seed(i)) for i, shape in enumerate(shapes))


def test_by_default_nothing_changes():
    feats = maps((3, 4, 5), (6, 2, 2))
    assert all(torch.equal(a, b) for a, b in zip(FeatureMapProcessor()(feats), feats, strict=True))
    assert torch.equal(FeatureMapProcessor()(feats[0])[0], feats[0])


def test_relu_then_bilinear_enlargement():
    (found,) = FeatureMapProcessor(scale_factor=4.0, apply_relu=True)(maps((3, 4, 5)))
    image = maps((3, 4, 5))[0].numpy().clip(0)
    for one, maps_of_one in zip(found.numpy(), image, strict=True):
        expected = cv2.resize(maps_of_one.transpose(1, 2, 0), (20, 16), interpolation=cv2.INTER_LINEAR)
        np.testing.assert_allclose(one, expected.transpose(2, 0, 1), atol=1e-5)


def test_selected_and_joined():
    feats = maps((3, 4, 6), (2, 2, 3), (5, 1, 1))
    (found,) = FeatureMapProcessor(select_index=(1, 0), concat=True)(feats)
    assert found.shape == (2, 5, 2, 3)
    assert torch.equal(found[:, :2], feats[1])
    (last,) = FeatureMapProcessor(select_index=-1)(feats)
    assert torch.equal(last, feats[2])


@pytest.mark.parametrize(
    'settings',
    [dict(), dict(scale_factor=4.0), dict(select_index=(1, 0), concat=True, scale_factor=2.0), dict(select_index=-1)],
)
def test_it_keeps_its_promise(settings):
    neck = FeatureMapProcessor(**settings)
    feats = maps((3, 16, 12), (2, 8, 6), (5, 4, 3))
    channels, strides = neck.promise((3, 2, 5), (4, 8, 16))
    found = neck(feats)
    assert tuple(x.shape[1] for x in found) == channels
    assert tuple((64 / x.shape[2], 48 / x.shape[3]) for x in found) == tuple((s, s) for s in strides)


@pytest.mark.parametrize(
    ('settings', 'words'),
    [(dict(scale_factor=0), 'scale_factor must be positive'), (dict(select_index=()), 'names no feature map')],
)
def test_settings_that_make_no_sense(settings, words):
    with pytest.raises(ValueError, match=words):
        FeatureMapProcessor(**settings)


@pytest.mark.parametrize(
    ('neck', 'head', 'words'),
    [
        (dict(scale_factor=2.0), dict(), r'makes heatmaps of \(6, 8\)'),
        (dict(scale_factor=4.0), dict(in_channels=16), r'in_channels=16, but the backbone gives \(8, 8\)'),
        (dict(scale_factor=4.0, concat=True), dict(), r'in_channels=8, but the backbone gives \(16,\)'),
        (dict(select_index=2), dict(), 'select_index='),
    ],
)
def test_what_does_not_fit_is_said_when_the_model_is_built(neck, head, words):
    codec = dict(type='UDPHeatmap', input_size=(48, 64), heatmap_size=(12, 16), blur_kernel_size=3)
    settings = dict(type='HeatmapHead', in_channels=8, out_channels=4, deconv_out_channels=None, decoder=codec) | head
    model = dict(type='TopDown', backbone=TINY, neck=dict(type='FeatureMapProcessor') | neck, head=settings)
    with pytest.raises(ValueError, match=words):
        MODELS.build(model)


def test_a_neck_of_another_kind_is_taken_as_it_is():
    """A user's module that promises nothing."""
    MODELS.register_module(name='ToyNeck', module=torch.nn.Identity)
    try:
        head = dict(type='HeatmapHead', in_channels=8, out_channels=4, deconv_out_channels=None)
        model = MODELS.build(dict(type='TopDown', backbone=TINY, neck=dict(type='ToyNeck'), head=head))
        assert model(torch.zeros(1, 3, 64, 48)).shape == (1, 4, 4, 3)
    finally:
        MODELS.module_dict.pop('ToyNeck')
