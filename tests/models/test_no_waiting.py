"""From images to keypoints, and from keypoints to the loss, nothing waits for the device."""

import numpy as np
import pytest
import torch
from helpers.no_waiting import META, no_waiting
from helpers.pose_nets import FLIP_INDICES, sample, tiny_topdown

from mmpose_dark.codecs import MSRAHeatmap, UDPHeatmap

SIZE, MAPS = (48, 64), (12, 16)
CODECS = dict(
    quarter_pixel=lambda: MSRAHeatmap(SIZE, MAPS, sigma=1.0),
    dark=lambda: MSRAHeatmap(SIZE, MAPS, sigma=1.0, unbiased=True, blur_kernel_size=5),
    udp=lambda: UDPHeatmap(SIZE, MAPS, sigma=1.0, blur_kernel_size=5),
    combined=lambda: UDPHeatmap(SIZE, MAPS, heatmap_type='combined', blur_kernel_size=5),
)


@pytest.mark.parametrize(
    'wait',
    [
        lambda x: x.sum().item(),
        lambda x: x[x > 0],
        lambda x: x.nonzero(),
        lambda x: x.cpu(),
        lambda x: bool(x.any()),
        lambda x: torch.tensor([1.0, 2.0]).to(x.device) + x,
        lambda x: torch.tensor([1.0, 2.0], device=x.device) + x,
    ],
)
def test_the_net_catches_what_waits(wait):
    x = torch.ones(3, 2, device=META)
    with no_waiting(), pytest.raises((AssertionError, RuntimeError, NotImplementedError)):
        wait(x)


@pytest.mark.parametrize('name', CODECS)
def test_codecs_do_not_wait(name):
    codec = CODECS[name]()
    maps = torch.rand(2, 4 * codec.maps_per_keypoint, 16, 12, device=META)
    keypoints, weights = torch.rand(2, 4, 2, device=META), torch.ones(2, 4, device=META)

    def use():
        codec.batch_encode(keypoints, weights)
        codec.batch_decode(maps)
        return codec.mirror(maps, FLIP_INDICES), codec.points(maps)

    use()  # the first call makes the constants
    with no_waiting():
        _, found = use()
    assert found.keypoints.shape == (2, 4, 2)
    assert found.keypoints.device == META


@pytest.mark.parametrize('shift', [False, True])
def test_images_become_keypoints_without_waiting(shift):
    options = dict(flip_test=True, shift_heatmap=shift)
    model = tiny_topdown(test_cfg=options).eval().to(META)
    images = torch.rand(2, 3, 64, 48, device=META)
    with torch.no_grad():
        model.points(images, flip_indices=FLIP_INDICES)
        with no_waiting():
            found = model.points(images, flip_indices=FLIP_INDICES)
    assert found.scores.device == META


def test_a_loss_sends_the_labels_and_waits_for_nothing_else():
    rng = np.random.default_rng(0)
    samples = [sample(rng) for _ in range(2)]
    model = tiny_topdown().train().to(META)
    feats = [torch.rand(2, 8, 16, 12, device=META, requires_grad=True)]
    model.head.loss(feats, samples)
    with no_waiting(sent=2):  # keypoints and weights
        found = model.head.loss(feats, samples)
        found['loss_kpt'].backward()
    assert found['loss_kpt'].device == META
