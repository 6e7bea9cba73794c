import copy

import pytest
import torch
from pose_nets import hrnet_extra, tiny_hrnet
from torch.nn import functional

from mmpose_dark.models import HRNet
from mmpose_dark.models.backbones.blocks import BasicBlock
from mmpose_dark.models.backbones.hrnet import HRModule
from mmpose_dark.registry import MODELS


def layout(**changes):
    extra = hrnet_extra(8, blocks=1, modules=(1, 1, 1), stem_blocks=1, stem_channels=16)
    for key, value in changes.items():
        stage, _, name = key.partition('__')
        if name:
            extra[stage][name] = value
        else:
            extra[stage] = value
    return extra


# Published pose networks (28.5 M and 63.6 M) without the final layer: width x 17 + 17 parameters.
@pytest.mark.parametrize(('width', 'parameters'), [(32, 28_536_113 - 32 * 17 - 17), (48, 63_595_745 - 48 * 17 - 17)])
def test_published_size(width, parameters):
    with torch.device('meta'):
        net = HRNet(hrnet_extra(width))
        (y,) = net(torch.zeros(1, 3, 256, 192))
    assert sum(p.numel() for p in net.parameters()) == parameters
    assert y.shape == (1, width, 64, 48)


@pytest.mark.parametrize('size', [(64, 48), (72, 56), (100, 75)])
def test_any_input_size(size):
    net = HRNet(layout()).eval()
    with torch.no_grad():
        (y,) = net(torch.randn(1, 3, *size))
    assert y.shape == (1, 8, -(-size[0] // 4), -(-size[1] // 4))


def test_multiscale_output():
    net = HRNet(layout(stage4__multiscale_output=True)).eval()
    with torch.no_grad():
        ys = net(torch.randn(1, 3, 64, 64))
    assert [tuple(y.shape[1:]) for y in ys] == [(8, 16, 16), (16, 8, 8), (32, 4, 4), (64, 2, 2)]
    assert net.out_channels == (8, 16, 32, 64)


def test_fewer_stages_and_other_widths():
    extra = layout(stage3__num_channels=(12, 20, 32), stage2__block='BOTTLENECK', stage3__num_modules=2)
    del extra['stage4']
    net = HRNet(extra).eval()
    names = set(net.state_dict())
    with torch.no_grad():
        (y,) = net(torch.randn(1, 3, 64, 64))
    assert y.shape == (1, 12, 16, 16)
    assert net.state_dict()['transition2.0.0.weight'].shape == (12, 32, 3, 3)  # 8 x 4 of the bottleneck
    assert not any(k.startswith('stage4') for k in names)


@torch.no_grad()
def test_fusion_equals_its_definition():
    net = HRModule(
        BasicBlock, [4, 6], channels=[4, 6], num_blocks=[1, 1], multiscale_output=True,
        upsample=dict(mode='nearest'), norm_cfg=None, with_cp=False,
    ).eval()  # fmt: skip
    for value in net.state_dict().values():
        if value.is_floating_point():
            value.copy_(torch.rand_like(value))
    high, low = torch.randn(1, 4, 8, 8), torch.randn(1, 6, 4, 4)
    a, b = net.branches[0](high), net.branches[1](low)
    up = net.fuse_layers[0][1](b).repeat_interleave(2, 2).repeat_interleave(2, 3)
    got = net([high, low])
    torch.testing.assert_close(got[0], functional.relu(a + up))
    torch.testing.assert_close(got[1], functional.relu(net.fuse_layers[1][0](a) + b))


@torch.no_grad()
def test_upsample_mode_is_used():
    torch.manual_seed(3)
    near = HRNet(layout()).eval()
    smooth = HRNet(layout() | dict(upsample=dict(mode='bilinear', align_corners=False))).eval()
    smooth.load_state_dict(near.state_dict())
    x = torch.randn(1, 3, 64, 64)
    assert (near(x)[0] - smooth(x)[0]).abs().max() > 1e-3


def test_frozen_stages():
    net = HRNet(layout(), frozen_stages=2).train()
    frozen = {k.split('.')[0] for k, p in net.named_parameters() if not p.requires_grad}
    assert frozen == {'conv1', 'bn1', 'conv2', 'bn2', 'layer1', 'transition1', 'stage2', 'transition2'}


def test_initialisation():
    net = HRNet(layout())
    net.init_weights()
    assert net.stage4[0].branches[3][0].conv1.weight.std().item() == pytest.approx(1e-3, rel=0.05)
    assert net.bn1.weight.unique().tolist() == [1.0]


def test_building_changes_no_config():
    cfg = tiny_hrnet()
    before = copy.deepcopy(cfg)
    MODELS.build(cfg)
    assert cfg == before


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        (dict(stage2__block='FANCY'), 'stage2.block'),
        (dict(stage3__num_blocks=(1, 1)), 'stage3.num_blocks'),
        (dict(stage3__num_channels=(8, 16, 0)), 'stage3.num_channels'),
        (dict(stage2__multiscale_output=True), 'stage2'),
        (dict(stage2__num_module=1), 'num_module'),
        (dict(stage1__num_branches=2, stage1__num_blocks=(1, 1), stage1__num_channels=(8, 8)), 'num_branches'),
        (dict(stage4__num_branches=2, stage4__num_blocks=(1, 1), stage4__num_channels=(8, 8)), 'num_branches'),
        (dict(stage4__num_modules=0), 'num_modules'),
        (dict(stage1__num_modules=2), 'stage1.num_modules'),
        (dict(stage6=dict()), 'stage1, stage2'),
        (dict(head=dict()), 'head'),
        (dict(upsample=dict(mode='magic')), "'magic'"),
    ],
)
def test_wrong_layouts_are_named(changes, words):
    with pytest.raises(ValueError, match=words):
        HRNet(layout(**changes))


def test_missing_key_is_named():
    extra = layout()
    del extra['stage3']['num_blocks']
    with pytest.raises(ValueError, match=r"stage3 lacks \['num_blocks'\]"):
        HRNet(extra)


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match='batch dimension'):
        HRNet(layout())(torch.zeros(3, 64, 64))
