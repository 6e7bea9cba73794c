"""ViTPose's families: the references' names written down here, their forward pass as its authors write it, refusals."""

import gzip
import json
import re

import pytest
import torch
from torch import nn

from mmpose_dark.checkpoint import CheckpointError, load_backbone_weights, load_checkpoint
from mmpose_dark.checkpoint.families import convert, recognise
from mmpose_dark.checkpoint.families.vitpose import EXPERTS, head_of_expert
from mmpose_dark.checkpoint.networks import describe_network
from mmpose_dark.checkpoint.position_grid import resize_positions
from mmpose_dark.models.backbones import fit_positions
from mmpose_dark.registry import MODELS

ARCH = dict(embed_dims=8, num_layers=2, num_heads=2, feedforward_channels=32)
PLUS = dict(num_experts=6, part_features=2)
CLASSIC = dict(deconv_out_channels=(4, 4), deconv_kernel_sizes=(4, 4))
SIMPLE = dict(deconv_out_channels=None, final_layer=dict(kernel_size=3))
NECK = dict(type='FeatureMapProcessor', scale_factor=4.0, apply_relu=True)


def network(head=CLASSIC, keypoints=17, seed=0, **backbone):
    torch.manual_seed(seed)
    backbone = dict(type='VisionTransformer', arch=ARCH, img_size=(64, 48), patch_cfg=dict(padding=2)) | backbone
    head = dict(type='HeatmapHead', in_channels=8, out_channels=keypoints) | head
    neck = NECK if head['deconv_out_channels'] is None else None
    model = MODELS.build(dict(type='TopDown', backbone=backbone, neck=neck, head=head)).eval()
    for parameter in model.parameters():
        parameter.data.normal_(std=0.3)
    return model


# What the layers here are called there, in the order of the names.
AUTHORS = (
    (r'^backbone\.patch_embed\.projection', 'backbone.patch_embed.proj'),
    (r'^backbone\.ln1', 'backbone.last_norm'),
    (r'^backbone\.layers\.(\d)\.ln', r'backbone.blocks.\1.norm'),
    (r'^backbone\.layers\.(\d)\.attn', r'backbone.blocks.\1.attn'),
    (r'^backbone\.layers\.(\d)\.ffn\.layers\.0\.0', r'backbone.blocks.\1.mlp.fc1'),
    (r'^backbone\.layers\.(\d)\.ffn\.layers\.1', r'backbone.blocks.\1.mlp.fc2'),
    (r'^backbone\.layers\.(\d)\.ffn\.experts', r'backbone.blocks.\1.mlp.experts'),
    (r'^head', 'keypoint_head'),
)
LIBRARY = (
    (r'^backbone\.pos_embed', 'backbone.embeddings.position_embeddings'),
    (r'^backbone\.patch_embed', 'backbone.embeddings.patch_embeddings'),
    (r'^backbone\.ln1', 'backbone.layernorm'),
    (r'^backbone\.layers\.(\d)\.ln1', r'backbone.encoder.layer.\1.layernorm_before'),
    (r'^backbone\.layers\.(\d)\.ln2', r'backbone.encoder.layer.\1.layernorm_after'),
    (r'^backbone\.layers\.(\d)\.attn\.proj', r'backbone.encoder.layer.\1.attention.output.dense'),
    (r'^backbone\.layers\.(\d)\.ffn\.layers\.0\.0', r'backbone.encoder.layer.\1.mlp.fc1'),
    (r'^backbone\.layers\.(\d)\.ffn\.layers\.1', r'backbone.encoder.layer.\1.mlp.fc2'),
    (r'^backbone\.layers\.(\d)\.ffn\.experts', r'backbone.encoder.layer.\1.mlp.experts'),
    (r'^head\.deconv_layers\.0', 'head.deconv1'),
    (r'^head\.deconv_layers\.1', 'head.batchnorm1'),
    (r'^head\.deconv_layers\.3', 'head.deconv2'),
    (r'^head\.deconv_layers\.4', 'head.batchnorm2'),
    (r'^head\.final_layer', 'head.conv'),
)


def renamed(model, rules):
    result = {}
    for name, tensor in model.state_dict().items():
        for pattern, there in rules:
            if re.match(pattern, name):
                name = re.sub(pattern, there, name)
                break
        result[name] = tensor.clone()
    return result


def with_class_position(weights, name):
    """As the references store positions: that of the class token first, which they add to all others."""
    positions = weights[name]
    first = torch.randn(1, 1, 8, generator=torch.Generator().manual_seed(5))
    return weights | {name: torch.cat([first, positions - first], 1)}


def as_authors(model):
    return with_class_position(renamed(model, AUTHORS), 'backbone.pos_embed')


def as_library(model):
    weights = with_class_position(renamed(model, LIBRARY), 'backbone.embeddings.position_embeddings')
    for name in [name for name in weights if '.attn.qkv.' in name]:
        layer, kind = re.fullmatch(r'backbone\.layers\.(\d)\.attn\.qkv\.(weight|bias)', name).groups()
        for part, tensor in zip(('query', 'key', 'value'), weights.pop(name).chunk(3), strict=True):
            weights[f'backbone.encoder.layer.{layer}.attention.attention.{part}.{kind}'] = tensor.contiguous()
    return weights


@pytest.fixture
def positions_log(monkeypatch):
    lines = []
    monkeypatch.setattr(fit_positions, 'print_log', lambda text, **_: lines.append(text))
    return lines


def same(one, other, **tolerance):
    images = torch.randn(2, 3, 64, 48, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(one(images), other(images), **tolerance)


NETWORKS = dict(classic=dict(), simple=dict(head=SIMPLE), plus=dict(**PLUS), expert=dict(**PLUS, expert='ap10k'))
CASES = [
    pytest.param(kwargs, write, family, id=f'{family}-{name}')
    for name, kwargs in NETWORKS.items()
    for write, family in ((as_authors, 'ViTPose'), (as_library, 'ViTPose of transformers'))
    if (name, family) != ('expert', 'ViTPose')  # which has a head of its own, see below
]


@pytest.mark.parametrize(('kwargs', 'write', 'family'), CASES)
def test_a_file_of_each_family_gives_the_same_network(tmp_path, log, kwargs, write, family):
    source, target = network(**kwargs), network(seed=1, **kwargs)
    torch.save(dict(state_dict=write(source)), tmp_path / 'a.pth')
    load_checkpoint(target, tmp_path / 'a.pth')
    same(source, target, atol=1e-5, rtol=1e-4)  # positions were taken apart and added again
    assert f'checkpoint family {family}, ' in log.text


def test_over_a_server_as_safetensors(server, cache, tmp_path):
    safetensors = pytest.importorskip('safetensors.torch')
    source, target = network(), network(seed=1)
    safetensors.save_file(as_library(source), tmp_path / 'a.safetensors')
    server.files['/a.safetensors'] = (tmp_path / 'a.safetensors').read_bytes()
    load_checkpoint(target, f'{server.url}/a.safetensors')
    same(source, target, atol=1e-5, rtol=1e-4)


def test_files_of_mmpose_load_as_they_are(tmp_path, log):
    source, target = network(), network(seed=1)
    torch.save(dict(state_dict=source.state_dict(), meta={}), tmp_path / 'a.pth')
    load_checkpoint(target, tmp_path / 'a.pth')
    same(source, target, atol=0, rtol=0)
    assert 'mmpose 1.x' in log.text


# --- ViTPose+ of its authors: six experts, six heads --------------------------------------------------------


def plus_file(padded=False):
    """A file with a head for each dataset, and the network of each."""
    sources = [network(**PLUS, expert=i, keypoints=k, seed=i) for i, k in enumerate(EXPERTS.values())]
    backbone = {k: v for k, v in sources[0].state_dict().items() if k.startswith('backbone.')}
    for source in sources:
        source.load_state_dict(backbone, strict=False)
    weights = as_authors(sources[0])
    for i, source in enumerate(sources[1:]):
        for name, tensor in source.head.state_dict().items():
            if padded and name.startswith('final_layer.'):
                tensor = torch.cat([tensor, torch.full_like(tensor[:1], 9.0).repeat(133, *[1] * (tensor.ndim - 1))])[
                    :133
                ]
            weights[f'associate_keypoint_heads.{i}.{name}'] = tensor
    return weights, sources


@pytest.mark.parametrize('padded', [False, True])
@pytest.mark.parametrize('expert', EXPERTS)
def test_an_expert_comes_with_its_head(tmp_path, expert, padded):
    weights, sources = plus_file(padded)
    torch.save(weights, tmp_path / 'a.pth')
    target = network(**PLUS, expert=expert, keypoints=EXPERTS[expert], seed=9)
    load_checkpoint(target, tmp_path / 'a.pth')
    same(sources[list(EXPERTS).index(expert)], target, atol=1e-5, rtol=1e-4)


def test_a_file_that_the_authors_tool_has_split_is_a_plain_network(tmp_path):
    """It puts an expert's rows behind those of fc2, and leaves the experts of COCO's file in it."""
    weights, sources = plus_file()
    for i in range(2):
        for kind in ('weight', 'bias'):
            fc2, expert = f'backbone.blocks.{i}.mlp.fc2.{kind}', f'backbone.blocks.{i}.mlp.experts.0.{kind}'
            weights[fc2] = torch.cat([weights[fc2], weights[expert]])
    torch.save(weights, tmp_path / 'coco.pth')
    target = network(seed=9)
    load_checkpoint(target, tmp_path / 'coco.pth')
    same(sources[0], target, atol=1e-5, rtol=1e-4)


def test_a_file_of_several_datasets_without_experts(tmp_path):
    sources = {name: network(keypoints=EXPERTS[name], seed=i) for i, name in enumerate(('coco', 'aic', 'mpii'))}
    backbone = {k: v for k, v in sources['coco'].state_dict().items() if k.startswith('backbone.')}
    weights = as_authors(sources['coco'])
    for i, name in enumerate(('aic', 'mpii')):
        sources[name].load_state_dict(backbone, strict=False)
        weights |= {f'associate_keypoint_heads.{i}.{k}': v for k, v in sources[name].head.state_dict().items()}
    torch.save(weights, tmp_path / 'a.pth')
    for name, source in sources.items():
        target = network(keypoints=EXPERTS[name], seed=9, expert=name)
        load_checkpoint(target, tmp_path / 'a.pth')
        same(source, target, atol=1e-5, rtol=1e-4)
    with pytest.raises(CheckpointError, match='does not fit'):
        load_checkpoint(network(keypoints=133, expert='coco-wholebody'), tmp_path / 'a.pth')


def test_heads_are_chosen_without_changing_what_was_given():
    weights = {'head.a': 1, 'associate_heads.0.a': 2, 'associate_heads.1.a': 3, 'backbone.a': 4}
    assert head_of_expert(weights, 0) == {'head.a': 1, 'backbone.a': 4}
    assert head_of_expert(weights, 2) == {'head.a': 3, 'backbone.a': 4}
    assert len(weights) == 4
    assert head_of_expert({'head.a': 1}, 3) == {'head.a': 1}


# --- weights that a training starts from ---------------------------------------------------------------------


def as_mae(backbone, grid):
    """MAE's file: bare names, a class token, positions of a square of patches."""
    weights = {}
    for name, tensor in backbone.state_dict().items():
        for pattern, there in AUTHORS:
            name = re.sub(pattern, there, f'backbone.{name}').removeprefix('backbone.')
        weights[name.replace('last_norm', 'norm')] = tensor.clone()
    positions = torch.randn(1, grid[0] * grid[1], 8)
    weights['pos_embed'] = torch.cat([torch.zeros(1, 1, 8), positions], 1)
    weights |= {'cls_token': torch.ones(1, 1, 8), 'head.weight': torch.ones(3, 8), 'fc_norm.weight': torch.ones(8)}
    return weights, positions


@pytest.mark.parametrize('grid', [(4, 3), (7, 7)])
def test_mae_weights_start_a_backbone(tmp_path, positions_log, grid):
    source, target = network().backbone, network(seed=1).backbone
    weights, positions = as_mae(source, grid)
    torch.save(dict(model=weights), tmp_path / 'mae.pth')
    load_backbone_weights(target, tmp_path / 'mae.pth')
    torch.testing.assert_close(target.pos_embed.data, resize_positions(positions, grid, (4, 3)))
    assert torch.equal(source.layers[1].attn.qkv.weight, target.layers[1].attn.qkv.weight)
    assert torch.equal(source.ln1.bias, target.ln1.bias)
    assert [line.partition(': ')[2] for line in positions_log] == (
        ['positions of 7 x 7 patches interpolated to 4 x 3'] if grid == (7, 7) else []
    )


def test_mmpretrain_weights_with_a_class_token_start_a_backbone(tmp_path, log):
    source, target = network().backbone, network(seed=1).backbone
    weights = {k: v.clone() for k, v in source.state_dict().items()}
    weights['pos_embed'] = torch.cat([torch.full((1, 1, 8), 3.0), weights['pos_embed']], 1)
    weights['cls_token'] = torch.ones(1, 1, 8)
    torch.save(weights, tmp_path / 'a.pth')
    load_backbone_weights(target, tmp_path / 'a.pth')
    assert torch.equal(source.pos_embed, target.pos_embed)  # mmpretrain leaves the first out
    assert 'left out: cls_token' in log.text


def test_a_pose_network_starts_a_backbone(tmp_path):
    source, target = network(head=SIMPLE), network(seed=1).backbone
    torch.save(as_library(source), tmp_path / 'a.pth')
    load_backbone_weights(target, tmp_path / 'a.pth')
    torch.testing.assert_close(source.backbone.pos_embed, target.pos_embed)


# --- what does not fit -----------------------------------------------------------------------------------------


def refused(tmp_path, source, target, write=as_library):
    before = {k: v.clone() for k, v in target.state_dict().items()}
    torch.save(write(source), tmp_path / 'a.pth')
    with pytest.raises(CheckpointError) as info:
        load_checkpoint(target, tmp_path / 'a.pth')
    assert all(torch.equal(v, before[k]) for k, v in target.state_dict().items())
    return str(info.value)


@pytest.mark.parametrize('write', [as_authors, as_library])
def test_another_grid_is_refused_by_name_unless_asked_for(tmp_path, write, positions_log):
    source, target = network(img_size=(128, 96)), network()
    said = refused(tmp_path, source, target, write)
    assert 'positions of 8 x 6 patches, 128x96 pixels; the model has 4 x 3 (height x width) patches, 64x48' in said
    assert 'Use the config of 128x96, or' in said
    assert '\n' not in said
    asked = network(seed=1, resize_pos_embed=True)
    load_checkpoint(asked, tmp_path / 'a.pth')
    expected = resize_positions(source.backbone.pos_embed.data, (8, 6), (4, 3))
    torch.testing.assert_close(asked.backbone.pos_embed.data, expected, atol=1e-5, rtol=1e-4)
    assert '8 x 6 patches interpolated to 4 x 3' in positions_log[0]


def test_positions_of_no_grid(tmp_path):
    model = network()
    weights = model.state_dict() | {'backbone.pos_embed': torch.zeros(1, 23, 8)}
    torch.save(weights, tmp_path / 'a.pth')
    with pytest.raises(CheckpointError, match='23 positions, which are of no grid that is known'):
        load_checkpoint(model, tmp_path / 'a.pth')


@pytest.mark.parametrize(
    ('source', 'target', 'words'),
    [
        (
            dict(arch=ARCH | dict(num_layers=3)),
            dict(),
            'checkpoint is of ViT of 3 layers with 8 channels .*the model is ViT of 2 layers with 8',
        ),
        (dict(head=SIMPLE), dict(), 'checkpoint is of ViT .* positions, 17 keypoints; the model .* 2 deconvolutions'),
        (dict(), dict(head=SIMPLE), r'2 deconvolutions, 17 keypoints; the model is ViT [^,]* positions, 17'),
        (dict(keypoints=133), dict(), '133 keypoints; the model .* 17 keypoints'),
        (dict(**PLUS), dict(), 'with 12 positions, 6 experts of 2 features, .*the model is ViT [^,]* positions, 2 dec'),
        (dict(), dict(**PLUS), 'positions, 2 deconvolutions, 17 keypoints; the model .*6 experts of 2 features'),
        (dict(**PLUS), dict(num_experts=6, part_features=4), '6 experts of 2 .*6 experts of 4'),
        (dict(**PLUS), dict(num_experts=3, part_features=2), '6 experts of 2 .*3 experts of 2'),
    ],
)
@pytest.mark.parametrize('write', [as_authors, as_library])
def test_another_network_is_named(tmp_path, source, target, words, write):
    said = refused(tmp_path, network(**source), network(**target), write)
    assert re.search(words, said), said


def test_published_sizes_are_named():
    def described(channels, depth):
        weights = {
            'backbone.patch_embed.projection.weight': torch.empty(channels, 3, 16, 16, device='meta'),
            'backbone.pos_embed': torch.empty(1, 192, channels, device='meta'),
        }
        return describe_network(weights | {f'backbone.layers.{i}.ln1.bias': torch.empty(1) for i in range(depth)})

    named = [described(*size) for size in ((384, 12), (768, 12), (1024, 24), (1280, 32))]
    assert named == [f'ViT-{letter} with 192 positions' for letter in 'SBLH']


def test_a_part_of_queries_keys_and_values_is_missing(tmp_path):
    weights = as_library(network())
    del weights['backbone.encoder.layer.1.attention.attention.key.bias']
    torch.save(weights, tmp_path / 'a.pth')
    with pytest.raises(CheckpointError, match=r'layers\.1\.attn\.qkv\.bias'):
        load_checkpoint(network(), tmp_path / 'a.pth')


@pytest.mark.parametrize('name', ['backbone.patch_embed.proj.weight', 'backbone.pos_embed'])
def test_a_file_without_patches_or_positions(tmp_path, name):
    weights = as_authors(network())
    del weights[name]
    torch.save(weights, tmp_path / 'a.pth')
    with pytest.raises(CheckpointError, match='does not fit'):
        load_checkpoint(network(), tmp_path / 'a.pth')


@pytest.mark.parametrize('write', [as_library, lambda model: plus_file()[0]])
def test_tensors_of_other_ranks_are_refused_like_others(tmp_path, write):
    model = network(**PLUS, expert=1, keypoints=14)
    weights = write(model)
    for name in weights:
        is_read = 'num_batches_tracked' not in name and not re.match(
            'keypoint_head|associate_keypoint_heads.[1-4]', name
        )
        if not is_read or re.search(r'(blocks|layer)\.1\.', name):
            continue
        torch.save(weights | {name: torch.tensor(1.0)}, tmp_path / 'a.pth')
        with pytest.raises(CheckpointError):
            load_checkpoint(model, tmp_path / 'a.pth')


def test_other_modules_are_not_asked():
    weights = {'backbone.a': 1}
    assert convert(weights, recognise(weights)) == weights
    assert recognise(['blocks.0.attn.qkv.weight', 'pos_embed']) is None
    assert nn.Linear(1, 1)


# --- the references' own names -------------------------------------------------------------------------------


@pytest.fixture(scope='module')
def reference(shared):
    folder = shared / 'golden' / 'vitpose'
    keys = json.loads(gzip.decompress((folder / 'state_dict_keys.json.gz').read_bytes()))
    return keys, json.loads((folder / 'models.json').read_text())


@pytest.mark.parametrize('tag', ['hf/vitpose-base-simple', 'hf/vitpose-base', 'hf/vitpose-plus-small', 'vitpose/small'])
def test_reference_names_are_those_of_the_network_of_the_config(reference, tag):
    from mmpose_dark.config.reading import load_config

    keys, configs = reference
    weights = {k: torch.empty(shape, device='meta') for k, shape in keys[tag].items()}
    with torch.device('meta'):
        own = MODELS.build(load_config(configs[tag]['config']).model).state_dict()
    found = convert(weights, recognise(weights))
    assert {k: tuple(v.shape) for k, v in found.items()} == {k: tuple(v.shape) for k, v in own.items()}
