"""The zoo's files: complete, true to what was published, and up to date."""

import importlib.util
import json
import pathlib
import re
import shutil

import numpy as np
import pytest
import yaml
from shipped_configs import shipped_config

from mmpose_dark.config import validate_config
from mmpose_dark.config.reading import load_config
from mmpose_dark.evaluation.functional.posetrack_ground_truth import JOINT_GROUPS
from mmpose_dark.evaluation.metrics import MpiiPCKAccuracy
from mmpose_dark.keypoint_sets import WHOLEBODY_PARTS
from mmpose_dark.zoo.rows import read_zoo

ROOT = pathlib.Path(__file__).resolve().parents[2]
ZOO = read_zoo(ROOT / 'docs' / 'zoo' / 'published.json')


@pytest.fixture(scope='module')
def generator():
    spec = importlib.util.spec_from_file_location('model_zoo', ROOT / 'tools' / 'docs' / 'model_zoo.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='module')
def index():
    return yaml.safe_load((ROOT / 'model-index.yml').read_text())


@pytest.fixture(scope='module')
def written_costs(generator, index):
    """The costs that are written in model-index.yml."""
    return {
        m['Config']: generator.Cost(*(m['Metadata'][key] for key in ('Input Size', 'Parameters', 'FLOPs')))
        for m in index['Models']
    }


def test_the_files_are_up_to_date(generator, written_costs):
    """Else: python tools/docs/model_zoo.py."""
    assert (ROOT / 'model-zoo.md').read_text() == generator.model_zoo_text(ZOO, written_costs)
    assert (ROOT / 'model-index.yml').read_text() == generator.model_index_text(ZOO, written_costs)


@pytest.mark.parametrize('row', ['mmpose-hrnet_w32_aic_256x192', 'simplebaselines-res50_mpii_384x384'])
def test_the_costs_are_those_of_the_configs(generator, written_costs, row):
    assert generator.cost_of(ZOO.rows[row]) == written_costs[ZOO.rows[row].config]


@pytest.mark.slow
def test_all_costs_are_those_of_the_configs(generator, written_costs):
    assert generator.costs_of(ZOO) == written_costs


def test_costs_are_the_published_ones(written_costs):
    counted = 0
    for row in ZOO.rows.values():
        if row.parameters is not None:
            cost = written_costs[row.config]
            members = 2 if 'models' in row.config else 1
            off = 0.5 if '25.6 M' in row.note else 0  # a row whose table and code disagree
            assert cost.parameters / 1e6 == pytest.approx(members * row.parameters + off, abs=0.06 * members), row.id
            assert cost.macs / 2**30 == pytest.approx(members * row.gflops, abs=0.06 * members), row.id
            counted += 1
    assert counted == 26


def test_every_row_maps_to_a_config_that_is_valid():
    """That each config is valid, builds and runs is tested in tests/configs."""
    assert len(ZOO.rows) == 122
    for row in ZOO.rows.values():
        cfg = shipped_config(row.config.removeprefix('configs/'))
        if row.options:
            cfg = load_config(ROOT / row.config, row.options)
            validate_config(cfg)
        height, width = re.search(r'_(\d+)x(\d+)', row.config).groups()
        assert cfg.codec.input_size == (int(width), int(height))
        assert bool(cfg.codec.get('unbiased')) == ('DARK' in row.model)
        benchmark = ZOO.benchmarks[row.benchmark]
        on_annotated_boxes = 'ground-truth' in benchmark.title or benchmark.dataset == 'MPII'
        assert (cfg.test_dataloader.dataset.get('bbox_file') is None) == on_annotated_boxes
        assert bool(benchmark.server) == ('testdev' in row.config)


def percent(value):
    return round(100 * value, 3)


def test_the_rows_are_the_published_ones(shared):
    """In the facts' order, with their values in per cent."""
    facts = json.loads((shared / 'facts' / 'published_results.json').read_text())
    known = [row for row in ZOO.rows.values() if not re.search('vitpose|udp', row.config)]
    for row, fact in zip(known, facts, strict=True):
        kept = {k: v for k, v in fact.items() if isinstance(v, float) and k not in ('GFLOPs', 'PCKh')}
        fractions = all(v <= 1 for v in kept.values())
        assert sorted(row.published.values()) == sorted(percent(v) if fractions else v for v in kept.values()), row.id
        main = ZOO.benchmarks[row.benchmark].main
        assert row.published[main] == (percent(fact[main]) if fractions else fact[main])
        assert row.checkpoint == (fact.get('download') or fact.get('ckpt'))
        assert row.gflops == fact.get('GFLOPs')
        if 'config' in fact:
            assert row.config.startswith(fact['config'].removesuffix('.py'))


def test_the_figures_are_metrics_of_the_tests():
    oks = ['AP', 'AP .5', 'AP .75', 'AP (M)', 'AP (L)', 'AR', 'AR .5', 'AR .75', 'AR (M)', 'AR (L)']
    known = {f'{prefix}/{name}' for prefix in ('coco', 'aic') for name in oks}
    known |= {f'crowdpose/{name}' for name in ('AP', 'AP .5', 'AP .75', 'AP(E)', 'AP(M)', 'AP(H)')}
    known |= {f'coco-wholebody/{part} {name}' for part in WHOLEBODY_PARTS for name in oks}
    known |= {f'posetrack18/{joint} AP' for joint in (*JOINT_GROUPS, 'Total')}
    known |= set(MpiiPCKAccuracy().compute({}))
    for benchmark in ZOO.benchmarks.values():
        assert {k for keys in benchmark.figures.values() for k in ([keys] if isinstance(keys, str) else keys)} <= known
    metrics = dict.fromkeys(known, 0.5)
    for row in ZOO.rows.values():
        benchmark = ZOO.benchmarks[row.benchmark]
        assert set(benchmark.measured(metrics)) >= set(row.published)
        np.testing.assert_allclose(list(benchmark.measured(metrics).values()), 0.5 * benchmark.unit)


def test_model_index_is_in_openmmlabs_form(index):
    collections = {c['Name'] for c in index['Collections']}
    assert len(index['Models']) == 122
    for model in index['Models']:
        assert model['In Collection'] in collections
        assert (ROOT / model['Config']).is_file()
        assert model['Results'][0]['Metrics']
        assert model.get('Weights') == ZOO.rows[model['Name']].checkpoint


def test_the_page_has_each_row_with_its_command():
    text = (ROOT / 'model-zoo.md').read_text()
    for row in ZOO.rows.values():
        assert f'| [{row.id}]({row.config}) |' in text
        assert f'\n{row.command}\n' in text
    for link in re.findall(r'\]\((?!http)([^)]+)\)', text):
        assert (ROOT / link).exists(), link
    assert (
        'python tools/test.py configs/top_down/darkpose/coco/res50_coco_256x192_dark.py '
        'https://download.openmmlab.com/mmpose/top_down/resnet/res50_coco_256x192_dark-43379d20_20200709.pth\n'
    ) in text


def test_a_result_fills_the_column(generator, written_costs, tmp_path):
    zoo = read_zoo(shutil.copy(ZOO.path, tmp_path))
    row = zoo.rows['mmpose-res50_coco_256x192_dark']
    zoo.results_folder.mkdir()
    result = zoo.compare(row, {'coco/AP': 0.7244, 'coco/AP .5': 0.89})
    (zoo.results_folder / f'{row.id}.json').write_text(json.dumps(result))
    (line,) = [x for x in generator.model_zoo_text(zoo, written_costs).splitlines() if x.startswith(f'| [{row.id}]')]
    assert f'| [72.4](docs/zoo/results/{row.id}.json) |' in line
