"""Layer-wise decay: groups compared with a table written by hand, and a run that is resumed."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmpose_dark.engine import LayerDecayOptimWrapperConstructor
from mmpose_dark.models import VisionTransformer
from mmpose_dark.registry import MODELS

ARCH = dict(embed_dims=8, num_layers=2, num_heads=2, feedforward_channels=32)
CONFIG = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=0.1, betas=(0.9, 0.999), weight_decay=0.2),
    constructor='LayerDecayOptimWrapperConstructor',
)


def network(**kwargs):
    backbone = dict(type='VisionTransformer', arch=ARCH, img_size=(64, 48), **kwargs)
    return MODELS.build(
        dict(type='TopDown', backbone=backbone, head=dict(type='HeatmapHead', in_channels=8, out_channels=3))
    )


def wrapper(model, **paramwise):
    settings = {k: v for k, v in CONFIG.items() if k != 'constructor'}
    return LayerDecayOptimWrapperConstructor(settings, dict(layer_decay_rate=0.5) | paramwise)(model)


def of_parameter(model, built):
    """Learning rate and weight decay of each parameter by its name."""
    names = {id(p): name for name, p in model.named_parameters()}
    groups = built.optimizer.param_groups
    found = [(names[id(p)], g['lr'], g['weight_decay']) for g in groups for p in g['params']]
    assert len(found) == len({name for name, *_ in found})
    return {name: values for name, *values in found}


def test_rates_fall_from_the_head_to_the_patches():
    model = network()
    found = of_parameter(model, wrapper(model))
    assert found.keys() == {name for name, _ in model.named_parameters()}
    table = {
        'backbone.pos_embed': (0.1 / 8, 0),
        'backbone.patch_embed.projection.weight': (0.1 / 8, 0.2),
        'backbone.patch_embed.projection.bias': (0.1 / 8, 0),
        'backbone.layers.0.attn.qkv.weight': (0.1 / 4, 0.2),
        'backbone.layers.0.ln1.weight': (0.1 / 4, 0),
        'backbone.layers.1.ffn.layers.1.weight': (0.1 / 2, 0.2),
        'backbone.layers.1.ffn.layers.1.bias': (0.1 / 2, 0),
        'backbone.ln1.weight': (0.1, 0),
        'head.deconv_layers.0.weight': (0.1, 0.2),
        'head.deconv_layers.1.weight': (0.1, 0),
        'head.final_layer.weight': (0.1, 0.2),
        'head.final_layer.bias': (0.1, 0),
    }
    for name, values in table.items():
        assert found[name] == pytest.approx(list(values)), name


def test_frozen_parameters_are_left_out():
    model = network(frozen_stages=1, num_experts=3, part_features=2)
    found = of_parameter(model, wrapper(model))
    assert found.keys() == {name for name, p in model.named_parameters() if p.requires_grad}
    assert 'backbone.layers.1.ffn.experts.0.weight' in found
    assert 'backbone.layers.1.ffn.experts.1.weight' not in found


def test_custom_keys_multiply():
    model = network()
    custom = {'head': dict(lr_mult=3.0), 'head.final_layer': dict(decay_mult=0.5), 'norm': dict(decay_mult=0.0)}
    found = of_parameter(model, wrapper(model, custom_keys=custom))
    assert found['head.deconv_layers.0.weight'] == pytest.approx([0.3, 0.2])
    assert found['head.final_layer.weight'] == pytest.approx([0.1, 0.1])  # the longest name alone
    assert found['backbone.layers.0.attn.qkv.weight'] == pytest.approx([0.025, 0.2])


def test_mmposes_own_settings_are_understood():
    model = network()
    custom = {
        'bias': dict(decay_multi=0.0),
        'pos_embed': dict(decay_mult=0.0),
        'relative_position_bias_table': dict(decay_mult=0.0),
        'norm': dict(decay_mult=0.0),
    }
    plain, theirs = wrapper(model), wrapper(model, num_layers=2, custom_keys=custom)
    assert of_parameter(model, theirs) == of_parameter(model, plain)


def test_a_rate_of_one_is_no_decay():
    model = network()
    assert {lr for lr, _ in of_parameter(model, wrapper(model, layer_decay_rate=1)).values()} == {0.1}


def test_the_config_form_builds_it():
    from mmengine.registry import DefaultScope

    model = network()
    with DefaultScope.overwrite_default_scope('mmpose_dark'):
        built = build_optim_wrapper(model, CONFIG | dict(paramwise_cfg=dict(layer_decay_rate=0.5)))
    assert len(built.optimizer.param_groups) == 8  # four depths, with and without weight decay
    before = model.backbone.layers[0].attn.proj.weight.clone()
    built.update_params(model(torch.randn(2, 3, 64, 48)).square().sum())
    assert not torch.equal(before, model.backbone.layers[0].attn.proj.weight)


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        (dict(layer_decay_rate=0), 'layer_decay_rate must be above 0'),
        (dict(layer_decay_rate=1.5), 'layer_decay_rate must be above 0'),
        (dict(layer_decay_rate=None), 'layer_decay_rate must be above 0'),
        (dict(decay_rate=0.5), "'decay_rate' is not one of num_layers"),
        (dict(custom_keys=dict(bias=dict(decay=0.0))), r"custom_keys\.bias: 'decay' is not lr_mult"),
        (dict(num_layers=12), 'num_layers=12, but the backbone has 2 layers'),
    ],
)
def test_settings_that_make_no_sense(settings, words):
    with pytest.raises(ValueError, match=words):
        wrapper(network(), **settings)


def test_other_networks_are_refused():
    model = nn.Module()
    model.backbone = nn.Conv2d(3, 4, 1)
    with pytest.raises(ValueError, match='it is for VisionTransformer'):
        wrapper(model)
    assert VisionTransformer(ARCH, img_size=64).layers[1]  # a backbone alone has other names too
    with pytest.raises(ValueError, match='it is for VisionTransformer'):
        wrapper(VisionTransformer(ARCH, img_size=64))
