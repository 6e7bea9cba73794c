"""Names, shapes and outputs of the reference networks (see shared/README.md, golden/models)."""

import gzip
import importlib.util
import json
import re

import numpy as np
import pytest
import torch
from pose_nets import hrnet_extra

from mmpose_dark.registry import MODELS

FAST = ['mmpose1/res50', 'simple_baselines/resnet50_caffe', 'mmpose1/hrnet_w32', 'darkpose/hg4_128x96']
SLOW = [
    'mmpose1/res101',
    'mmpose1/res152',
    'mmpose1/hrnet_w48',
    'mmpose1/hrnet_w32_wholebody',
    'mmpose1/hrnet_w32_mpii',
    'simple_baselines/resnet50',
    'darkpose/hg8_128x96',
]


def build(tag, keypoints):
    """The network that a tag of the reference material stands for."""
    if depth := re.search(r'res(?:net)?(\d+)', tag):
        backbone = dict(type='ResNet', depth=int(depth[1]), style='caffe' if 'caffe' in tag else 'pytorch')
        head = dict(in_channels=2048)
    elif stacks := re.search(r'hg(\d)', tag):
        backbone = dict(type='Hourglass', num_stacks=int(stacks[1]), out_channels=keypoints)
        head = dict(in_channels=keypoints, deconv_out_channels=None, final_layer=None, multi_output=True)
    else:
        width = int(re.search(r'_w(\d+)', tag)[1])
        backbone = dict(type='HRNet', extra=hrnet_extra(width))
        head = dict(in_channels=width, deconv_out_channels=None)
    head = dict(type='HeatmapHead', out_channels=keypoints, **head)
    return MODELS.build(dict(type='TopDown', backbone=backbone, head=head)).eval()


def our_name(name, tag):
    if tag.startswith('mmpose1'):
        return name
    return ('head.' if name.startswith(('deconv_layers', 'final_layer')) else 'backbone.') + name


@pytest.mark.parametrize('tag', FAST + [pytest.param(t, marks=pytest.mark.slow) for t in SLOW])
def test_equals_the_reference(shared, tag):
    golden = shared / 'golden'
    spec = importlib.util.spec_from_file_location('golden_inputs', golden / 'inputs.py')
    inputs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(inputs)
    meta = json.loads((golden / 'models/models.json').read_text())[tag]
    shapes = json.loads(gzip.decompress((golden / 'models/state_dict_keys.json.gz').read_bytes()))[tag]
    expected = np.load(golden / 'models/outputs.npz')[tag.replace('/', '__')]

    model = build(tag, meta['output'][1])
    own = {k: list(v.shape) for k, v in model.state_dict().items()}
    assert own == {our_name(k, tag): v for k, v in shapes.items()}
    assert sum(p.numel() for p in model.parameters()) == meta['n_params']
    model.load_state_dict(
        {our_name(k, tag): torch.from_numpy(np.asarray(inputs.weight(k, tuple(s)))) for k, s in shapes.items()}
    )
    with torch.no_grad():
        y = model(torch.from_numpy(inputs.images(1, *meta['input'][1:])), None, mode='tensor').numpy()
    y = y if meta['stored_channels'] == 'all' else y[:, ::7]
    assert (
        np.abs(y - expected).max() / np.abs(expected).max() < 5e-5
    )  # seen: 1.7e-6; sums of 10,000 products in another order differ by about 1e-5
