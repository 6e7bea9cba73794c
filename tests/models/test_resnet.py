import pytest
import torch
from torch.nn import functional

from mmpose_dark.models import ResNet
from mmpose_dark.models.backbones.blocks import BasicBlock, Bottleneck, make_layer

# torchvision's networks without their classifier (its documented sizes minus 512 or 2048 x 1000 + 1000).
PARAMETERS = {18: 11_176_512, 34: 21_284_672, 50: 23_508_032, 101: 42_500_160, 152: 58_143_808}


@pytest.mark.parametrize('depth', PARAMETERS)
def test_size(depth):
    with torch.device('meta'):
        net = ResNet(depth)
        (y,) = net(torch.zeros(2, 3, 128, 96))
    assert sum(p.numel() for p in net.parameters()) == PARAMETERS[depth]
    assert y.shape == (2, net.feat_dim, 4, 3)


def test_all_stages_are_returned():
    with torch.device('meta'):
        ys = ResNet(18, out_indices=(0, 1, 2, 3))(torch.zeros(1, 3, 64, 64))
    assert [tuple(y.shape[1:]) for y in ys] == [(64, 16, 16), (128, 8, 8), (256, 4, 4), (512, 2, 2)]


def norm(x, sd, name):
    return functional.batch_norm(
        x, sd[f'{name}.running_mean'], sd[f'{name}.running_var'], sd[f'{name}.weight'], sd[f'{name}.bias']
    )


def randomised(module):
    for name, value in module.state_dict().items():
        if value.is_floating_point():
            value.copy_(torch.rand_like(value) + 0.5 if 'var' in name or value.ndim == 1 else torch.randn_like(value))
    return module.eval()


@pytest.mark.parametrize(('style', 'strides'), [('pytorch', (1, 2)), ('caffe', (2, 1))])
@torch.no_grad()
def test_bottleneck_equals_its_definition(style, strides):
    net = randomised(make_layer(Bottleneck, 6, 4, 1, stride=2, style=style))
    sd = {k[2:]: v for k, v in net.state_dict().items()}
    x = torch.randn(2, 6, 9, 7)
    y = functional.relu(norm(functional.conv2d(x, sd['conv1.weight'], stride=strides[0]), sd, 'bn1'))
    y = functional.relu(norm(functional.conv2d(y, sd['conv2.weight'], stride=strides[1], padding=1), sd, 'bn2'))
    y = norm(functional.conv2d(y, sd['conv3.weight']), sd, 'bn3')
    shortcut = norm(functional.conv2d(x, sd['downsample.0.weight'], stride=2), sd, 'downsample.1')
    torch.testing.assert_close(net(x), functional.relu(y + shortcut))


@torch.no_grad()
def test_basic_block_equals_its_definition():
    net = randomised(make_layer(BasicBlock, 5, 5, 1))
    sd = {k[2:]: v for k, v in net.state_dict().items()}
    x = torch.randn(2, 5, 8, 6)
    y = functional.relu(norm(functional.conv2d(x, sd['conv1.weight'], padding=1), sd, 'bn1'))
    y = norm(functional.conv2d(y, sd['conv2.weight'], padding=1), sd, 'bn2')
    assert 'downsample.0.weight' not in sd
    torch.testing.assert_close(net(x), functional.relu(y + x))


def test_checkpointing_changes_nothing():
    torch.manual_seed(1)
    plain = ResNet(18, num_stages=2, strides=(1, 2), dilations=(1, 1), out_indices=(1,))
    saving = ResNet(18, num_stages=2, strides=(1, 2), dilations=(1, 1), out_indices=(1,), with_cp=True)
    saving.load_state_dict(plain.state_dict())
    x = torch.randn(2, 3, 32, 32)
    for net in (plain, saving):
        net(x)[0].square().mean().backward()
    for (name, a), b in zip(plain.named_parameters(), saving.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, msg=name)


@pytest.mark.parametrize(('frozen', 'expected'), [(-1, set()), (0, {'conv1', 'bn1'}), (1, {'conv1', 'bn1', 'layer1'})])
def test_frozen_stages(frozen, expected):
    net = ResNet(18, frozen_stages=frozen).train()
    assert {k.split('.')[0] for k, p in net.named_parameters() if not p.requires_grad} == expected
    assert {k.split('.')[0] for k, m in net.named_modules() if k and not m.training} == expected


def test_norm_eval_keeps_statistics():
    net = ResNet(18, norm_eval=True).train()
    before = net.bn1.running_mean.clone()
    net(torch.randn(2, 3, 32, 32))
    assert torch.equal(before, net.bn1.running_mean)
    assert net.conv1.training
    assert net.bn1.weight.requires_grad


@pytest.mark.parametrize('zero', [True, False])
def test_initialisation(zero):
    net = ResNet(18, zero_init_residual=zero)
    net.init_weights()
    std = net.layer2[0].conv2.weight.std().item()
    assert std == pytest.approx((2 / (128 * 9)) ** 0.5, rel=0.01)  # He et al., fan out
    assert net.layer2[0].bn2.weight.unique().tolist() == [0.0 if zero else 1.0]
    assert net.layer2[0].bn1.weight.unique().tolist() == [1.0]


def test_deep_stem_has_the_names_of_mmpose():
    net = ResNet(50, deep_stem=True, avg_down=True)
    names = set(net.state_dict())
    assert {'stem.0.conv.weight', 'stem.2.bn.running_var', 'layer2.0.downsample.1.weight'} <= names
    assert 'conv1.weight' not in names
    assert net(torch.zeros(1, 3, 64, 64))[0].shape == (1, 2048, 2, 2)


@pytest.mark.parametrize(
    ('kwargs', 'words'),
    [
        (dict(depth=20), 'depth 20'),
        (dict(depth=18, style='tf'), "'tf'"),
        (dict(depth=18, out_indices=(4,)), 'out_indices'),
        (dict(depth=18, out_indices=()), 'out_indices'),
        (dict(depth=18, num_stages=5), 'num_stages'),
        (dict(depth=18, strides=(1, 2)), 'strides'),
        (dict(depth=18, frozen_stages=5), 'frozen_stages'),
        (dict(depth=18, conv_cfg=dict(type='DCN')), 'conv_cfg'),
        (dict(depth=18, norm_cfg=dict(type='IN')), "'IN'"),
        (dict(depth=18, norm_cfg=dict(type='GN')), 'num_groups'),
    ],
)
def test_wrong_arguments_are_named(kwargs, words):
    with pytest.raises(ValueError, match=words):
        ResNet(**kwargs)


@pytest.mark.parametrize('shape', [(3, 64, 64), (1, 1, 64, 64), (1, 64, 64, 3)])
def test_wrong_inputs_are_refused(shape):
    with pytest.raises(ValueError, match=r'\(B, 3, H, W\)'):
        ResNet(18)(torch.zeros(shape))


@pytest.mark.parametrize('kind', ['BN', 'SyncBN', 'GN'])
def test_norm_layers(kind):
    cfg = dict(type=kind, requires_grad=False) | (dict(num_groups=8) if kind == 'GN' else {})
    net = ResNet(18, norm_cfg=cfg)
    assert not net.bn1.weight.requires_grad
    assert torch.isfinite(net(torch.randn(2, 3, 32, 32))[0]).all()
