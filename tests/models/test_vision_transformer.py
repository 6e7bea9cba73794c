"""VisionTransformer against a plain loop, its positions, experts, frozen parts and refusals."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mmpose_dark.checkpoint.position_grid import grid_of, resize_positions
from mmpose_dark.models import VisionTransformer
from mmpose_dark.models.backbones.transformer_layers import drop_path
from mmpose_dark.models.backbones.transformer_settings import ARCHITECTURES

SIZES = dict(embed_dims=12, num_layers=3, num_heads=3, feedforward_channels=48)
EXPERTS = dict(num_experts=3, part_features=4)


def tiny(seed=0, **kwargs):
    """A small network whose every parameter matters."""
    torch.manual_seed(seed)
    settings = dict(arch=SIZES, img_size=(64, 48), patch_cfg=dict(padding=2)) | kwargs
    net = VisionTransformer(**settings)
    for parameter in net.parameters():
        parameter.data.normal_(std=0.3)
    return net.eval()


def image(seed=1, height=64, width=48, batch=2):
    return torch.randn(batch, 3, height, width, generator=torch.Generator().manual_seed(seed))


def layer_norm(x, weight, bias, eps=1e-6):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) * weight + bias


def plain(net, images, expert=None):
    """The network as the papers write it, in float64, token by token and head by head."""
    w = {k: v.double().numpy() for k, v in net.state_dict().items()}
    patch, results = 16, []
    for pixels in images.double().numpy():
        padded = np.pad(pixels, ((0, 0), (2, 2), (2, 2)))
        grid = pixels.shape[1] // patch, pixels.shape[2] // patch
        corners = [(i * patch, j * patch) for i in range(grid[0]) for j in range(grid[1])]
        patches = np.stack([padded[:, y : y + patch, x : x + patch].reshape(-1) for y, x in corners])
        kernel = w['patch_embed.projection.weight'].reshape(12, -1)
        x = patches @ kernel.T + w['patch_embed.projection.bias'] + w['pos_embed'][0]
        for n in range(3):
            p = f'layers.{n}.'
            y = layer_norm(x, w[p + 'ln1.weight'], w[p + 'ln1.bias'])
            qkv = y @ w[p + 'attn.qkv.weight'].T + w[p + 'attn.qkv.bias']
            heads = []
            for h in range(3):
                q, k, v = (qkv[:, 12 * part + 4 * h : 12 * part + 4 * h + 4] for part in range(3))
                a = np.exp(q @ k.T / 2)
                heads.append(a / a.sum(1, keepdims=True) @ v)
            x = x + np.concatenate(heads, 1) @ w[p + 'attn.proj.weight'].T + w[p + 'attn.proj.bias']
            y = layer_norm(x, w[p + 'ln2.weight'], w[p + 'ln2.bias'])
            y = y @ w[p + 'ffn.layers.0.0.weight'].T + w[p + 'ffn.layers.0.0.bias']
            y = y * 0.5 * (1 + np.vectorize(math.erf)(y / math.sqrt(2)))
            names = ['layers.1'] if expert is None else ['layers.1', f'experts.{expert}']
            parts = [y @ w[f'{p}ffn.{name}.weight'].T + w[f'{p}ffn.{name}.bias'] for name in names]
            x = x + np.concatenate(parts, 1)
        x = layer_norm(x, w['ln1.weight'], w['ln1.bias'])
        results.append(x.T.reshape(12, *grid))
    return np.stack(results)


@torch.no_grad()
def test_it_computes_what_the_papers_write():
    net, images = tiny(), image()
    # float32 through three layers of weights of order 0.3; measured 3e-6
    np.testing.assert_allclose(net(images)[0].numpy(), plain(net, images), atol=2e-5)


@torch.no_grad()
@pytest.mark.parametrize('expert', [0, 1, 2])
def test_the_chosen_expert_gives_the_last_features(expert):
    net, images = tiny(**EXPERTS, expert=expert), image()
    np.testing.assert_allclose(net(images)[0].numpy(), plain(net, images, expert), atol=2e-5)


def test_experts_go_by_the_datasets_of_the_paper():
    numbers = dict(num_experts=6, part_features=4)
    names = ('coco', 'aic', 'mpii', 'ap10k', 'apt36k', 'coco-wholebody')
    assert [tiny(**numbers, expert=name).expert for name in names] == list(range(6))
    assert tiny(expert='mpii').expert == 2  # without experts, the head of that dataset


def test_only_the_chosen_expert_learns():
    net = tiny(**EXPERTS, expert=1).train()
    net(image())[0].square().sum().backward()
    trained = {name for name, p in net.named_parameters() if p.grad is not None and p.grad.abs().max() > 0}
    asked = {name for name, p in net.named_parameters() if p.requires_grad}
    assert trained == asked
    assert 'layers.0.ffn.experts.1.weight' in asked
    assert 'layers.0.ffn.experts.0.weight' not in asked


@torch.no_grad()
def test_images_of_another_size_are_read_with_interpolated_positions():
    net = tiny()
    net.pos_embed.fill_(0.7)  # what is the same everywhere stays so
    large, expected = image(height=96, width=80), tiny(img_size=(96, 80))
    expected.load_state_dict(net.state_dict() | {'pos_embed': torch.full((1, 30, 12), 0.7)})
    torch.testing.assert_close(net(large)[0], expected(large)[0])
    assert net(large)[0].shape == (2, 12, 6, 5)


def cubic_matrix(size, wanted, a=-0.75):
    """Keys' cubic convolution from ``size`` points to ``wanted``, corners not aligned, border points repeated."""
    matrix = np.zeros((wanted, size))
    for i in range(wanted):
        at = (i + 0.5) * size / wanted - 0.5
        for k in range(math.floor(at) - 1, math.floor(at) + 3):
            d = abs(at - k)
            near = (a + 2) * d**3 - (a + 3) * d**2 + 1
            far = a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
            matrix[i, min(max(k, 0), size - 1)] += near if d <= 1 else far if d < 2 else 0
    return matrix


def test_positions_are_interpolated_by_cubic_convolution():
    positions = torch.randn(1, 192, 3)
    found = resize_positions(positions, (16, 12), (24, 10))
    image = positions.reshape(16, 12, 3).double().numpy()
    expected = np.einsum('yh,xw,hwc->yxc', cubic_matrix(16, 24), cubic_matrix(12, 10), image)
    np.testing.assert_allclose(found.reshape(24, 10, 3).numpy(), expected, atol=1e-5)
    assert resize_positions(positions, (16, 12), (16, 12)) is positions


@pytest.mark.parametrize(
    ('count', 'like', 'grid'),
    [
        (192, (16, 12), (16, 12)), (432, (16, 12), (24, 18)), (196, (16, 12), (14, 14)), (256, (16, 16), (16, 16)),
        (48, (16, 12), (8, 6)), (193, (16, 12), None), (1, (16, 12), (1, 1)), (0, (16, 12), None),
        (108, (9, 12), (9, 12)),
    ],
)  # fmt: skip
def test_the_grid_of_so_many_positions(count, like, grid):
    assert grid_of(count, like) == grid


def test_gradients_are_the_same_when_layers_are_computed_again():
    grads = []
    for with_cp in (False, True):
        net = tiny(with_cp=with_cp, **EXPERTS).train()
        images = image().requires_grad_()
        net(images)[0].square().mean().backward()
        grads.append([p.grad for p in net.parameters() if p.grad is not None] + [images.grad])
    for one, other in zip(*grads, strict=True):
        torch.testing.assert_close(one, other)


def test_drop_path_drops_whole_branches_of_images_and_keeps_the_mean():
    torch.manual_seed(0)
    x = drop_path(torch.ones(4000, 3, 2), 0.3, training=True)
    kept = x[:, 0, 0] != 0
    assert torch.equal(x, torch.where(kept, 1 / 0.7, 0.0)[:, None, None].expand_as(x))
    assert kept.float().mean().item() == pytest.approx(0.7, abs=0.03)  # four standard deviations
    assert torch.equal(drop_path(torch.ones(2, 3), 0.3, training=False), torch.ones(2, 3))


def test_drop_path_grows_from_layer_to_layer():
    assert [layer.drop_path_rate for layer in tiny(drop_path_rate=0.3).layers] == pytest.approx([0, 0.15, 0.3])
    net = tiny(drop_path_rate=0.9)
    torch.testing.assert_close(net(image()), net(image()))
    net.train()
    torch.manual_seed(0)
    one = net(image())[0]
    torch.manual_seed(1)
    assert not torch.allclose(one, net(image())[0])


def test_several_layers_in_their_order():
    net = tiny(out_indices=(-1, 0))
    first, last = net(image())
    assert net.out_channels == (12, 12)
    torch.testing.assert_close(last, tiny()(image())[0])
    torch.testing.assert_close(first, tiny(out_indices=0)(image())[0])
    normalised = F.layer_norm(
        tiny(final_norm=False)(image())[0].movedim(1, -1), (12,), net.ln1.weight, net.ln1.bias, 1e-6
    )
    torch.testing.assert_close(last.movedim(1, -1), normalised)


@pytest.mark.parametrize('stages', [-1, 0, 2, 3])
def test_frozen_stages(stages):
    net = tiny(frozen_stages=stages).train()
    frozen = {
        name.split('.')[0] if 'layers' not in name else name[:8]
        for name, p in net.named_parameters()
        if not p.requires_grad
    }
    assert frozen == ({'pos_embed', 'patch_embed'} if stages >= 0 else set()) | {f'layers.{i}' for i in range(stages)}
    assert [layer.training for layer in net.layers] == [i >= stages for i in range(3)]


def test_initialisation():
    torch.manual_seed(0)
    net = VisionTransformer('deit-tiny', img_size=64)
    net.init_weights()
    assert net.pos_embed.std().item() == pytest.approx(0.02, rel=0.1)
    assert net.layers[3].attn.qkv.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert net.layers[3].ffn.layers[1].bias.abs().max() == 0
    assert torch.equal(net.ln1.weight, torch.ones(192))


@pytest.mark.slow
@pytest.mark.parametrize('training', [False, True])
def test_it_compiles_without_a_break(training):
    net = tiny(**EXPERTS, drop_path_rate=0.2).train(training)
    torch._dynamo.reset()
    compiled = torch.compile(net, fullgraph=True, backend='eager')
    for height in (64, 96):  # the second with interpolated positions
        torch.manual_seed(0)
        found = compiled(image(height=height))[0]
        torch.manual_seed(0)
        torch.testing.assert_close(found, net(image(height=height))[0])


@torch.no_grad()
def test_it_is_exported_with_any_batch_size():
    net = tiny(**EXPERTS)
    batch = torch.export.Dim('batch', min=2, max=64)
    program = torch.export.export(net, (image(),), dynamic_shapes=({0: batch},))
    many = image(batch=5)
    torch.testing.assert_close(program.module()(many)[0], net(many)[0])


@torch.no_grad()
def test_half_precision_stays_near():
    net = tiny()
    with torch.autocast('cpu', torch.bfloat16):
        found = net(image())[0]
    assert torch.isfinite(found).all()
    assert (found - net(image())[0]).abs().max() < 0.2  # values of order 1 through 8-bit mantissas


def test_published_sizes():
    assert {name: tuple(ARCHITECTURES[name].values()) for name in ('base', 'large', 'huge')} == dict(
        base=(768, 12, 12, 3072), large=(1024, 24, 16, 4096), huge=(1280, 32, 16, 5120)
    )


@pytest.mark.parametrize(
    ('kwargs', 'words'),
    [
        (dict(arch='small'), "arch 'small' is not one of .*embed_dims=384.*ViTPose-S"),
        (dict(arch=dict(embed_dims=8)), 'must have embed_dims, num_layers'),
        (dict(arch=SIZES | dict(num_heads=5)), '5 heads do not divide embed_dims=12'),
        (dict(arch=SIZES | dict(num_layers=0)), 'positive whole numbers'),
        (dict(img_size=(250, 192)), 'height 250 and width 192 .* nearest size that is has height 256'),
        (dict(patch_cfg=dict(padding=8)), 'padding'),
        (dict(patch_cfg=dict(stride=8)), r'patch_cfg .* is not dict\(padding=n\)'),
        (dict(norm_cfg=dict(type='BN')), r"norm_cfg .* is not dict\(type='LN'"),
        (dict(out_type='cls_token'), "out_type='featmap'"),
        (dict(with_cls_token=True), 'with_cls_token=False'),
        (dict(out_indices=3), 'layers 0 to 2'),
        (dict(out_indices=()), 'layers 0 to 2'),
        (dict(drop_path_rate=1.0), 'drop_path_rate must be from 0 to below 1'),
        (dict(frozen_stages=4), 'frozen_stages must be -1 to 3'),
        (dict(interpolate_mode='nearest'), 'interpolate_mode'),
        (dict(expert=6), r'expert 6 is none of the 6'),
        (dict(expert='coco-plus', **EXPERTS), "expert 'coco-plus' is none of the 3;.* apt36k"),
        (dict(expert='coco-wholebody', **EXPERTS), 'none of the 3'),
        (dict(num_experts=6), 'part_features=3'),
        (dict(num_experts=6, part_features=12), 'does not go with'),
    ],
)
def test_settings_that_no_network_has(kwargs, words):
    with pytest.raises(ValueError, match=words):
        tiny(**kwargs)


@pytest.mark.parametrize(
    ('shape', 'words'),
    [
        ((1, 3, 60, 48), 'height 60 and width 48 are not whole patches of 16.*height 64 and width 48'),
        ((1, 3, 8, 48), 'height 16'),
        ((3, 64, 48), 'batch dimension'),
        ((1, 1, 64, 48), r'shape \(B, 3, H, W\)'),
    ],
)
def test_images_that_do_not_fit(shape, words):
    with pytest.raises(ValueError, match=words):
        tiny()(torch.zeros(shape))
