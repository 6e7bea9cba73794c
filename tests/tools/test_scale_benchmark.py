"""How cost grows: slopes, points that are not measured twice, the drawing."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / 'tools' / 'benchmarks'
pytestmark = pytest.mark.skipif(not sys.platform.startswith('linux'), reason='peaks are read in /proc')


@pytest.fixture
def growth(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import _growth

    return _growth


@pytest.fixture
def scale(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import scale

    return scale


@pytest.mark.parametrize('exponent', [-1.0, 0.0, 0.5, 1.0, 2.0])
def test_a_power_has_its_exponent_as_slope(growth, exponent):
    amounts = np.array([3, 10, 70, 1000])
    assert growth.slope(amounts, 0.2 * amounts**exponent) == pytest.approx(exponent, abs=1e-12)


def test_slope_is_that_of_least_squares(growth):
    rng = np.random.default_rng(0)
    amounts, values = rng.uniform(1, 1e6, 9), rng.uniform(0.1, 10, 9)
    assert growth.slope(amounts, values) == pytest.approx(np.polyfit(np.log(amounts), np.log(values), 1)[0])


@pytest.mark.parametrize(('amounts', 'values'), [([5], [1]), ([5, 5], [1, 2]), ([1, 2], [0, 1]), ([0, 2], [1, 1])])
def test_what_has_no_slope_is_refused(growth, amounts, values):
    with pytest.raises(ValueError, match='two amounts and positive numbers'):
        growth.slope(amounts, values)


def test_only_the_step_that_is_too_steep_is_named(growth):
    assert growth.steep_steps([10, 100, 1000], [1, 10, 100], 1.0) == []
    assert growth.steep_steps([10, 100, 1000], [1, 5, 100], 1.0) == ['100 to 1,000: 1.30']
    assert growth.steep_steps([1, 2], [4, 3], -1.0) == ['1 to 2: -0.42']  # two workers are not twice as fast
    assert growth.steep_steps([1, 2], [4, 2.1], -1.0) == []


def test_a_quadratic_cost_does_not_hide_behind_a_fixed_one(scale):
    factor = scale.Factor('things', [])
    found = [dict(seconds=10 + 1e-4 * n**2, cpu=None, peak=3e8, start=1e8) for n in (10, 100, 1000)]
    row = scale.verdict(factor, list(zip((10, 100, 1000), found, strict=True)))
    assert row['above_its_goal'] == 'nowhere'  # not yet seen ...
    found.append(dict(seconds=99.0, cpu=10 + 1e-4 * 1e8, peak=3e8, start=1e8))
    row = scale.verdict(factor, list(zip((10, 100, 1000, 10_000), found, strict=True)))
    assert row['above_its_goal'] == 'time, 1,000 to 10,000: 1.96'
    assert row['time_slope'] == '1.00'  # ... and the slope of all would still hide it
    assert (row['memory_slope'], row['more_memory']) == ('0.00', '0 kB')


def test_kept_memory_is_what_comes_on_top(scale):
    found = dict(seconds=1.0, cpu=1.0, peak=5e8, start=4e8)
    assert scale.memory_of(scale.Factor('f', [], kept=True), found) == 1e8
    assert scale.memory_of(scale.Factor('f', []), found) == 5e8


def test_points_are_found_again(growth, tmp_path):
    path = tmp_path / 'folder' / 'points.jsonl'
    growth.Points(path).keep(dict(kind='images', count=3), dict(seconds=1.5))
    growth.Points(path).keep(dict(kind='images', count=3), dict(seconds=2.5))
    assert growth.Points(path).find(dict(count=3, kind='images')) == dict(seconds=2.5)
    assert growth.Points(path).find(dict(count=4, kind='images')) is None
    path.write_text(path.read_text() + '{"spec": {"ki')  # killed while it wrote
    points = growth.Points(path)
    points.keep(dict(kind='images', count=4), dict(seconds=9.0))
    assert len(path.read_text().splitlines()) == 4
    assert growth.Points(None).find({}) is None


def test_a_file_of_something_else_is_refused(growth, tmp_path):
    path = tmp_path / 'points.jsonl'
    path.write_text('{"a": 1}\n{"b": 2}\n')
    with pytest.raises(ValueError, match='line 1: no point'):
        growth.Points(path)


def test_a_measured_point_is_taken_unless_again(scale, growth, monkeypatch, tmp_path, capsys):
    asked, records = [], []

    def measure_point(spec, data, title):
        asked.append(spec['people'])
        if spec['people'] == 16:
            raise RuntimeError('no luck')
        return dict(seconds=spec['people'] * 2.0, cpu=None, peak=1e8, start=0, held=0, workers=0, note='', others=0.1,
                    commit='abc')  # fmt: skip

    monkeypatch.setattr(scale, 'measure_point', measure_point)
    monkeypatch.setattr(scale, 'report', lambda rows, **more: records.append((rows, more)))
    monkeypatch.setenv('OMP_NUM_THREADS', '1')

    def run(*arguments):
        points = ['--points', str(tmp_path / 'points.jsonl')]
        monkeypatch.setattr(sys, 'argv', ['scale.py', '--only', 'people', *points, *arguments])
        scale.main(scale.parse_args())
        return asked.copy(), asked.clear()

    assert run()[0] == [1, 4, 16, 64]
    assert run()[0] == [16]  # only what failed
    rows, more = records[-1]
    assert [row['amount'] for row in more['sweep']] == [1, 4, 64]
    assert rows[0]['time_slope'] == '1.00'
    assert 'people an image, 16: not measured, failed, no luck.' in more['notes']
    assert 'measured before' in capsys.readouterr().out
    assert run('--again')[0] == [1, 4, 16, 64]
    assert run('--threads', '2')[0] == [1, 4, 16, 64]  # another setting


def test_growth_is_drawn(monkeypatch, tmp_path):
    pytest.importorskip('matplotlib')
    monkeypatch.syspath_prepend(str(ROOT / 'tools' / 'docs'))
    import benchmark_figures

    names = ['images', 'people, 0 workers', 'people, 2 workers']
    rows = [dict(factor=f, amount=n, seconds=0.1 * n, memory_MB=100.0) for f in names for n in (1, 10)]
    slopes = [dict(factor=f, time_slope='1.00', time_goal='1', memory_slope='0.00', memory_goal='0') for f in names]
    benchmark_figures.draw_growth(rows, tmp_path / 'a.png', slopes=slopes, digest='the digest', title='Growth')
    assert b'the digest' in (tmp_path / 'a.png').read_bytes()


@pytest.mark.slow
def test_each_kind_of_point_is_measured(tmp_path):
    specs = [
        dict(kind='images', count=6, people=3, keypoints=133),
        dict(kind='startup', people=70, number=2),
        dict(kind='evaluation', images=3),
    ]
    for spec in specs:
        result = tmp_path / 'result.json'
        command = [sys.executable, str(FOLDER / '_scale_points.py'), json.dumps(dict(spec, data=str(tmp_path)))]
        done = subprocess.run([*command, str(result)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found = json.loads(result.read_text())
        assert found['seconds'] > 0.5 * found['cpu'] > 0
        assert found['peak'] >= found['start'] > 1e7
        assert found['count'] == {'images': 6, 'startup': 70}.get(spec['kind'], found['count']) > 0
        assert (found['workers'] > 0) == (spec['kind'] == 'startup')
