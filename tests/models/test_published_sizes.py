"""Parameters and multiply-accumulates of the published networks, counted without computing anything."""

import pytest
import torch
from pose_nets import hrnet_extra
from torch import nn

from mmpose_dark.registry import MODELS

DECONV = dict(type='HeatmapHead', in_channels=2048, out_channels=17)


def hrnet(width):
    head = dict(type='HeatmapHead', in_channels=width, out_channels=17, deconv_out_channels=None)
    return dict(type='HRNet', extra=hrnet_extra(width)), head


def hourglass(stacks):
    head = dict(
        type='HeatmapHead', in_channels=17, out_channels=17, deconv_out_channels=None, final_layer=None,
        multi_output=True,
    )  # fmt: skip
    return dict(type='Hourglass', num_stacks=stacks), head


def resnet(depth):
    return dict(type='ResNet', depth=depth), DECONV


# (network, input height and width, parameters in millions, GFLOPs as published: convolutions / 2^30).
PUBLISHED = {
    'hourglass4': (hourglass(4), (128, 96), 13.0, 2.7),
    'hourglass8': (hourglass(8), (128, 96), 25.6, 4.9),
    'res50': (resnet(50), (128, 96), 34.0, 2.25),
    'res101': (resnet(101), (128, 96), 53.0, 3.1),
    'res152': (resnet(152), (128, 96), 68.6, 3.9),
    'w32 128x96': (hrnet(32), (128, 96), 28.5, 1.8),
    'w48 128x96': (hrnet(48), (128, 96), 63.6, 3.65),
    'w32 256x192': (hrnet(32), (256, 192), 28.5, 7.1),
    'w32 384x288': (hrnet(32), (384, 288), 28.5, 16.0),
    'w48 384x288': (hrnet(48), (384, 288), 63.6, 32.9),
}


QUICK = ('hourglass4', 'res50', 'w32 256x192')


@pytest.mark.parametrize('name', [pytest.param(n, marks=[] if n in QUICK else pytest.mark.slow) for n in PUBLISHED])
def test_size_and_cost(name):
    (backbone, head), size, parameters, gflops = PUBLISHED[name]
    with torch.device('meta'):
        model = MODELS.build(dict(type='TopDown', backbone=backbone, head=head)).eval()
    total = []

    def count(module, _, output):
        w = module.weight
        each = w.shape[0] * w[0, 0].numel() if isinstance(module, nn.ConvTranspose2d) else w[0].numel()
        total.append(output.numel() * each)

    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.register_forward_hook(count)
    model(torch.zeros(1, 3, *size, device='meta'))
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(parameters, abs=0.06)
    assert sum(total) / 2**30 == pytest.approx(gflops, abs=0.06)
