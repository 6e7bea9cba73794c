"""Every benchmark leaves the record that docs/benchmarks.md is made of."""

import json
import math
import pathlib
import runpy
import subprocess
import sys

import cv2
import pytest
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / 'tools' / 'benchmarks'
KEYS = {'benchmark', 'title', 'command', 'date', 'machine', 'results', 'sweep', 'notes'}
MACHINE = {'device', 'cpu', 'cores', 'threads', 'system', 'python', 'torch', 'numpy', 'opencv', 'commit'}
# Arguments that make a benchmark as small as it gets; those that still take seconds are slow.
TINY = {
    'decode': ('--repeat', '1', '--cases', '1', '--threads', '1'),
    'encode': ('--repeat', '1', '--cases', '1', '--threads', '1'),
    'evaluate': ('--repeat', '1', '--images', '5'),
    'pipeline': ('--repeat', '1', '--people', '4'),
    'tried': ('--repeat', '1', '--only', 'peaks'),
    'startup': ('--repeat', '1', '--only', 'boxes'),
    'busy_machine': ('--repeat', '1', '--seconds', '0', '--only', 'decoding'),
    'inference': ('--repeat', '1', '--config', 'configs/demo/people_dark_192x144.py', '--images', '2'),
    'exported': ('--repeat', '1', '--configs', 'configs/demo/people_dark_192x144.py', '--batch-size', '2', '--int8'),
    'testing': (
        '--repeat',
        '1',
        '--config',
        'configs/demo/people_dark_192x144.py',
        '--images',
        '1',
        '--workers',
        '0',
    ),
    'train_step': ('--repeat', '1', '--warm-up', '0', '--batch-size', '2', '--threads', '1'),
    'scale': ('--only', 'evaluation', '--shrink', '500', '--again', '--points', '/dev/null'),
    'constants': ('--repeat', '1', '--only', 'plan', '--images', '20'),
}
NO_TIMINGS = ('evaluate', 'scale', 'constants')  # one number each
SLOW = ('busy_machine', 'constants', 'exported', 'inference', 'pipeline', 'scale', 'startup', 'testing', 'train_step')
NAMES = sorted(path.stem for path in FOLDER.glob('*.py') if not path.stem.startswith('_') and path.stem != 'run_all')


@pytest.fixture
def bench(monkeypatch, tmp_path, capsys):
    """Run a benchmark: bench('decode', '--repeat', '1') gives its record and what it printed.

    The slow ones, which load much more, get a process of their own.
    """
    threads = torch.get_num_threads(), cv2.getNumThreads()
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.chdir(ROOT)

    def run(name, *arguments):
        out = tmp_path / 'folder' / f'{name}.json'
        if name in SLOW:
            command = [sys.executable, str(FOLDER / f'{name}.py'), *arguments, '--out', str(out)]
            done = subprocess.run(command, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            return json.loads(out.read_text()), done.stdout
        monkeypatch.setattr(sys, 'argv', [f'tools/benchmarks/{name}.py', *arguments, '--out', str(out)])
        runpy.run_path(str(FOLDER / f'{name}.py'), run_name='__main__')
        return json.loads(out.read_text()), capsys.readouterr().out

    yield run
    torch.set_num_threads(threads[0])
    cv2.setNumThreads(threads[1])


@pytest.fixture
def shared(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import _bench

    return _bench


@pytest.mark.parametrize(
    'name', [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in NAMES]
)
def test_every_benchmark_leaves_a_record(bench, name):
    if name == 'exported':
        pytest.importorskip('onnxscript')
        pytest.importorskip('onnxruntime')
    arguments = TINY.get(name, ('--repeat', '1'))
    record, printed = bench(name, *arguments)
    assert set(record) == KEYS
    assert record['benchmark'] == name
    assert record['title'].endswith(('.', ':'))
    assert record['command'].startswith(f'python tools/benchmarks/{name}.py {arguments[0]} {arguments[1]}')
    assert set(record['machine']) >= MACHINE
    for rows in filter(None, (record['results'], record['sweep'])):
        assert {tuple(row) for row in rows} == {tuple(rows[0])}
        timings = [value for row in rows for value in row.values() if isinstance(value, dict)]
        assert len(timings) >= 2 * (name not in NO_TIMINGS)
        for timing in timings:
            assert set(timing) == {'median', 'low', 'high', 'repeats'}
            assert 0 < timing['low'] <= timing['median'] <= timing['high'] < math.inf
            assert timing['repeats'] >= 1
    for column in record['results'][0]:
        assert column in printed


@pytest.mark.slow
def test_a_sweep_varies_one_factor_at_a_time(bench):
    record, printed = bench('encode', *TINY['encode'], '--sweep')
    factors = {row['factor']: [] for row in record['sweep']}
    for row in record['sweep']:
        factors[row['factor']].append(row['value'])
        assert {'floor', 'unbiased', 'loop'} <= set(row)
    assert factors == {
        'people a batch': ['1', '4', '16', '64', '256'],
        'keypoints': ['17', '21', '68', '133'],
        'input size': ['128x96', '256x192', '384x288'],
    }
    assert '384x288' in printed


def test_a_missing_baseline_is_said(bench, monkeypatch):
    monkeypatch.setitem(sys.modules, 'xtcocotools', None)
    monkeypatch.setitem(sys.modules, 'xtcocotools.coco', None)
    record, printed = bench('evaluate', *TINY['evaluate'])
    assert [row['program'].split(':')[0] for row in record['results']] == [
        'CocoMetric',
        'with hotcoco',
        'with OKS-NMS',
        'part',
        'part',
        'part',
        'only json.loads and np.concatenate',
    ]
    assert {row['speedup'] for row in record['results']} == {'-'}
    assert any('could not be imported' in note for note in record['notes'])
    assert 'could not be imported' in printed


def test_measure_gives_median_and_middle_half(shared, monkeypatch):
    clock = iter([0, 1, 10, 12, 20, 23, 30, 34, 40, 50])  # calls of 1, 2, 3, 4 and 10 seconds
    calls = []
    monkeypatch.setattr(shared.time, 'perf_counter', lambda: next(clock))
    timing = shared.measure(lambda: calls.append(1), repeats=5, warm_up=3)
    assert timing == (3000, 2000, 4000, 5)
    assert len(calls) == 8
    assert str(timing) == '3000 ms (2000-4000)'
    assert str(shared.Timing(1.234, 1.0, 12.34, 3)) == '1.23 ms (1-12.3)'


def test_spread_of_two_calls_lies_between_them(shared, monkeypatch):
    clock = iter([0, 1, 10, 15])
    monkeypatch.setattr(shared.time, 'perf_counter', lambda: next(clock))
    assert shared.measure(lambda: None, repeats=2, warm_up=0) == (3000, 2000, 4000, 2)


def test_all_run_one_after_the_other_and_a_failure_stops_none(tmp_path):
    """In a copy, with three small programs in place of the benchmarks."""
    text = (FOLDER / 'run_all.py').read_text()
    (tmp_path / 'run_all.py').write_text(text)
    work = "import sys; print('table of', sys.argv[0][-9:]); open(sys.argv[-1], 'w').write(' '.join(sys.argv[1:]))"
    (tmp_path / 'decode.py').write_text(work)
    (tmp_path / 'encode.py').write_text("raise SystemExit('no luck')")
    (tmp_path / 'evaluate.py').write_text(work)
    out = tmp_path / 'out'

    def run(*arguments):
        command = [sys.executable, str(tmp_path / 'run_all.py'), *arguments, '--out-dir', str(out)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    ended = run('--only', 'decode', 'encode', 'evaluate')
    assert ended.returncode == 1
    assert '[3/3] evaluate' in ended.stdout
    assert 'table of decode.py' in ended.stdout
    assert '2 of 3 in' in ended.stdout
    assert 'no luck' in ended.stderr
    assert 'failed: encode' in ended.stderr
    assert sorted(path.name for path in out.iterdir()) == ['decode.json', 'evaluate.json']
    assert run('--only', 'decode', '--device', 'cuda:1').returncode == 0
    assert '--device cuda:1' in (out / 'decode_cuda1.json').read_text()
    assert run('--only', 'decode', '--suffix', 'h100').returncode == 0
    assert (out / 'decode_h100.json').is_file()


def test_make_bench_names_every_benchmark(shared):
    assert set(runpy.run_path(str(FOLDER / 'run_all.py'))['QUICK']) >= set(NAMES)
    assert 'bench' in (ROOT / 'Makefile').read_text().split('.PHONY:')[1].split('\n')[0].split()
