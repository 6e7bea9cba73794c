"""benchmarks/train_step.py: what it compares is the same training, and what it prints is complete."""

import json
import sys

import numpy as np
import pytest
import torch

from mmpose_dark.codecs import MSRAHeatmap
from mmpose_dark.config.reading import load_config


@pytest.fixture(scope='module')
def bench(tiny_config):
    """The benchmark as a module, with a small case of its own."""
    import importlib.util
    import pathlib

    folder = pathlib.Path(__file__).resolve().parents[2] / 'tools' / 'benchmarks'
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location('train_step_benchmark', folder / 'train_step.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.CASES = [module.Case('tiny', tiny_config, {}, 2)]
    yield module
    sys.path.remove(str(folder))


def test_cases_are_recipes_that_can_be_built(bench):
    source = (bench.FULL_CASES[0].config, bench.FULL_CASES[1].config)
    assert all(load_config(path).codec.unbiased for path in source)
    assert load_config(bench.FULL_CASES[1].config).model.head.out_channels == 133


def test_heatmaps_of_the_loader_are_those_of_the_device(bench):
    codec = dict(type='MSRAHeatmap', input_size=(64, 64), heatmap_size=(16, 16), sigma=1.0, unbiased=True)
    with_targets, without = (bench.Crops(codec, 5, with_targets=t, count=3) for t in (True, False))
    for i in range(4):
        shipped, plain = with_targets[i], without[i]
        assert torch.equal(shipped['inputs'], plain['inputs'])
        assert 'gt_fields' not in plain['data_samples']
        keypoints = torch.from_numpy(plain['data_samples'].gt_instances.transformed_keypoints)
        settings = {k: v for k, v in codec.items() if k != 'type'}
        heatmaps, _ = MSRAHeatmap(**settings).batch_encode(keypoints, torch.ones(1, 5))
        np.testing.assert_allclose(shipped['data_samples'].gt_fields.heatmaps, heatmaps[0], atol=1e-6)
    assert torch.equal(with_targets[0]['inputs'], with_targets[3]['inputs'])
    assert not torch.equal(with_targets[0]['inputs'], with_targets[1]['inputs'])


def test_variants_are_what_the_device_can_do(bench):
    names = list(map(str, bench.variants('cpu', True)))
    assert names[0] == 'float32'
    assert 'bfloat16, channels last, compiled' in names
    assert not any('float16' in name.replace('bfloat16', '') for name in names)
    assert len(names) == len(set(names))


@pytest.mark.slow
def test_a_run_reports_every_variant(bench, monkeypatch, tmp_path, capsys):
    out = tmp_path / 'train_step.json'
    monkeypatch.setattr(sys, 'argv', ['train_step.py', '--repeat', '2', '--warm-up', '1', '--out', str(out)])
    bench.main(bench.parse_args())
    record = json.loads(out.read_text())
    rows = record['results']
    assert [row['precision'] for row in rows] == list(map(str, bench.variants('cpu', False)))
    assert rows[0]['of float32'] == 1
    for row in rows:
        assert (row['batch'], row['keypoints'], row['input']) == (2, 17, '64x64')
        assert float(row['difference']) < 1e-5
        assert row['heatmaps MB'] == round(2 * 17 * 16 * 16 * 4 / 1e6, 1)
        assert min(row[name]['median'] for name in ('on device', 'shipped', 'worker without', 'worker with')) > 0
    assert 'float16 is left out' in capsys.readouterr().out
