"""tools/benchmarks/pipeline.py runs and measures what it says."""

import importlib.util
import itertools
import json
import pathlib
import sys

import pytest

from mmpose_dark.datasets import CocoDataset

FOLDER = pathlib.Path(__file__).resolve().parents[2] / 'tools/benchmarks'


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.setattr(sys, 'path', [str(FOLDER), *sys.path])
    spec = importlib.util.spec_from_file_location('pipeline_benchmark', FOLDER / 'pipeline.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_runs(benchmark, tiny_coco, tmp_path, monkeypatch, capsys):
    images, out = str(tiny_coco.root / 'images'), tmp_path / 'out.json'
    arguments = ['--data', tiny_coco.ann_file, '--images', images, '--people', '4', '--repeat', '2', '--out', str(out)]
    monkeypatch.setattr(sys, 'argv', ['pipeline.py', *arguments])
    for module, name in ((benchmark.torch, 'set_num_threads'), (benchmark.cv2, 'setNumThreads')):
        monkeypatch.setattr(module, name, lambda n: None)  # for the tests that follow
    benchmark.main(benchmark.parse_args())
    assert '384x288' in capsys.readouterr().out
    results = json.loads(out.read_text())['results']
    ways = ['files', 'files', 'files, reduced', 'zip', 'tar', *(['lmdb'] if importlib.util.find_spec('lmdb') else [])]
    assert [r['read from'] for r in results] == [*ways, 'files', 'files']
    assert [r['keypoints'] for r in results] == [17] * len(ways) + [133] * 2
    assert all(r['sample']['median'] > 0 and r['samples'] == 4 for r in results)


def test_orders(benchmark, tiny_coco):
    ds = CocoDataset(ann_file=tiny_coco.ann_file, data_prefix=dict(img=str(tiny_coco.root / 'images')))
    images = [ds.get_data_info(i)['img_id'] for i in benchmark.orders(ds)['apart']]
    assert sorted(images) == [1, 1, 2, 3, 3, 3]
    # Three of six people are in one image: they are apart as long as there are others.
    assert all(a != b for a, b in itertools.pairwise(images[:5]))
