"""The codec against stored outputs of mmpose 1.3.2 and of the DARK paper's code."""

import importlib.util
import json

import numpy as np
import pytest
import torch

from mmpose_dark.codecs import MSRAHeatmap

CASES = ['a', 'b', 'c', 'd', 'e']
both = pytest.mark.parametrize('unbiased', [False, True], ids=['default', 'dark'])


@pytest.fixture(scope='module')
def golden(shared):
    spec = importlib.util.spec_from_file_location('golden_inputs', shared / 'golden/inputs.py')
    inputs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(inputs)
    cases = {case['name']: case for case in json.loads((shared / 'golden/codec_cases.json').read_text())}
    return inputs, cases, np.load(shared / 'golden/codec.npz')


def make(case, unbiased):
    names = ('input_size', 'heatmap_size', 'sigma', 'blur_kernel_size')
    return MSRAHeatmap(**{name: case[name] for name in names}, unbiased=unbiased)


@both
@pytest.mark.parametrize('name', CASES)
def test_decoding(golden, name, unbiased):
    inputs, cases, outputs = golden
    case = cases[name]
    maps = inputs.heatmaps(case['seed'], case['n'], case['k'], *case['heatmap_size'], case['sigma'])
    keypoints, scores = make(case, unbiased).batch_decode(torch.from_numpy(maps))
    # Worst seen 3e-5 input pixels with DARK, equal without.
    expected = outputs[f'decode_{name}_{"dark" if unbiased else "default"}_keypoints']
    np.testing.assert_allclose(keypoints, expected, atol=1e-4 if unbiased else 0)
    np.testing.assert_array_equal(scores, outputs[f'decode_{name}_scores'])
    if unbiased:
        np.testing.assert_allclose(keypoints, outputs[f'darkpose_{name}_keypoints'], atol=1e-4)


@both
@pytest.mark.parametrize('name', CASES)
def test_encoding(golden, name, unbiased):
    inputs, cases, outputs = golden
    case = cases[name]
    keypoints = inputs.keypoints(case['seed'] + 100, 2, case['k'], *case['input_size'], margin=20).astype(np.float32)
    visible = (np.random.RandomState(case['seed'] + 200).rand(2, case['k']) > 0.2).astype(np.float32)
    codec = make(case, unbiased)
    for i in range(2):
        prefix = f'encode_{name}{i}_{"unbiased" if unbiased else "biased"}'
        encoded = codec.encode(keypoints[i : i + 1], visible[i : i + 1])
        np.testing.assert_array_equal(encoded['keypoint_weights'], outputs[f'{prefix}_weights'])
        np.testing.assert_allclose(
            encoded['heatmaps'].max((1, 2)), outputs[f'{prefix}_max'], atol=1e-6
        )  # exponentials of two libraries, a rounding or two apart
        np.testing.assert_allclose(encoded['heatmaps'].sum((1, 2)), outputs[f'{prefix}_sum'], rtol=1e-5, atol=1e-5)
        if f'{prefix}_heatmaps' in outputs:
            np.testing.assert_allclose(encoded['heatmaps'], outputs[f'{prefix}_heatmaps'], atol=1e-6)
