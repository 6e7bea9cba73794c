"""Folding batch normalisation away leaves the function as it was, or is refused."""

import pytest
import torch
from pose_nets import tiny_topdown
from torch import nn

from mmpose_dark.deploy.fuse import fuse_conv_bn_
from mmpose_dark.registry import MODELS


def disturb(model: nn.Module) -> nn.Module:
    """Give normalisations statistics and factors that are not 0 and 1."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -1, 1)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -1, 1)
    return model.eval()


def norms(model: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in model.modules())


NETWORKS = dict(
    resnet=dict(type='ResNet', depth=50, stem_channels=8, base_channels=8),
    resnet_caffe=dict(type='ResNet', depth=50, style='caffe', stem_channels=8, base_channels=8),
)


@pytest.mark.parametrize('name', list(NETWORKS))
def test_all_normalisations_of_a_resnet_go_and_nothing_changes(name: str) -> None:
    backbone = MODELS.build(NETWORKS[name])
    head = MODELS.build(dict(type='HeatmapHead', in_channels=256, out_channels=5, deconv_out_channels=(8, 8, 8)))
    model = disturb(nn.Sequential(backbone, head))
    images = torch.randn(2, 3, 64, 48)
    with torch.no_grad():
        before, count = model(images), norms(model)
        assert fuse_conv_bn_(model, images[:1]) == count > 50  # the head's transposed convolutions too
        assert norms(model) == 0
        torch.testing.assert_close(model(images), before, rtol=1e-3, atol=1e-4 * float(before.abs().max()))


def test_hrnet_and_its_weights() -> None:
    model = disturb(tiny_topdown())
    images = torch.randn(2, 3, 64, 48)
    with torch.no_grad():
        before = model(images)
        fuse_conv_bn_(model, images[:1])
        assert norms(model) == 0
        torch.testing.assert_close(model(images), before, rtol=1e-3, atol=1e-4 * float(before.abs().max()))


class PreActivation(nn.Module):
    """Normalises before it convolves; only the second normalisation follows a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(3), nn.Conv2d(3, 4, 1)
        self.norm2, self.conv2 = nn.BatchNorm2d(4), nn.Conv2d(4, 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv2(self.norm2(self.conv1(self.norm1(x))))


def test_a_normalisation_before_a_convolution_stays() -> None:
    model = disturb(PreActivation())
    images = torch.randn(1, 3, 8, 8)
    with torch.no_grad():
        before = model(images)
        assert fuse_conv_bn_(model, images) == 1
        assert isinstance(model.norm1, nn.BatchNorm2d)
        torch.testing.assert_close(model(images), before)


class Shared(nn.Module):
    """Uses the convolution's output twice, once without normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        return x + self.norm(x)


class Repeated(Shared):
    """Uses the same layers twice."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.conv(self.norm(self.conv(x))))


def test_what_would_change_the_function_is_refused_or_left() -> None:
    images = torch.randn(1, 3, 8, 8)
    with pytest.raises(RuntimeError, match='computes something else'):
        fuse_conv_bn_(disturb(Shared()), images)
    model = disturb(Repeated())
    assert fuse_conv_bn_(model, images) == 0
    with pytest.raises(ValueError, match='training mode'):
        fuse_conv_bn_(Shared(), images)
