"""docs/benchmarks.md: true to the json files, and current."""

import copy
import importlib.util
import json
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def timing(median, low=None, high=None):
    return dict(median=median, low=low or 0.9 * median, high=high or 1.1 * median, repeats=5)


MACHINE = dict(
    device='CPU of the test', cpu='CPU of the test', cores=4, threads=1, load_average=0.1, other_programs=0.2,
    system='Linux-1', python='3.11.7', torch='2.13.0', numpy='2.4.6', opencv='5.0.0', commit='abc1234',
)  # fmt: skip


def record(name, results, sweep=(), notes=(), **machine):
    return dict(
        benchmark=name,
        title=f'What {name} costs.',
        command=f'python tools/benchmarks/{name}.py --sweep',
        date='2026-01-02 03:04 UTC',
        machine=MACHINE | machine,
        results=list(results),
        sweep=list(sweep),
        notes=list(notes),
    )


def decode_record(**machine):
    row = dict(heatmaps='64x17x64x48', kernel=11, dark=timing(1.5, 1.25, 1.75), loop=timing(1500), speedup=1000.0)
    loss = row | dict(heatmaps='1x17x64x48', loop=timing(0.75), speedup=0.5)
    sweep = [
        dict(factor=factor, value=str(amount), amount=amount, floor=timing(0.1 * amount), dark=timing(0.4 * amount),
             quarter_pixel=timing(0.2 * amount), loop=timing(8 * amount))
        for factor in ('people a batch', 'keypoints')
        for amount in (1, 17)
    ]  # fmt: skip
    return record('decode', [loss, row], sweep, ['A note.'], **machine)


@pytest.fixture(scope='module')
def generator():
    spec = importlib.util.spec_from_file_location('benchmarks_doc', ROOT / 'tools' / 'docs' / 'benchmarks.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def docs(tmp_path):
    """A folder of documents with nothing but the hand-written part, and one with results."""
    (tmp_path / 'docs' / 'benchmarks').mkdir(parents=True)
    (tmp_path / 'docs' / 'benchmarks' / 'tried.md').write_text('## Tried\n\nNothing.\n')
    source = tmp_path / 'work'
    source.mkdir()
    (source / 'decode.json').write_text(json.dumps(decode_record()))
    return tmp_path / 'docs', source


@pytest.fixture
def generate(generator, docs, monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, 'argv', ['benchmarks.py', '--docs', str(docs[0]), *map(str, arguments)])
        status = generator.main()
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return run


def test_the_page_is_current(generator):
    """Else: python tools/docs/benchmarks.py."""
    folder = ROOT / 'docs' / 'benchmarks'
    records = generator.read_records(folder)
    assert (ROOT / 'docs' / 'benchmarks.md').read_text() == generator.page(records, (folder / 'tried.md').read_text())
    assert generator.stale_figures(records, ROOT / 'docs' / 'figures', draw=False) == []


def test_tables_hold_timings_ratios_and_losses(generator):
    lines = generator.page({'decode': decode_record()}, 'Tried.').splitlines()
    assert '| heatmaps | kernel | dark | loop | speedup |' in lines
    assert '| --- | ---: | ---: | ---: | ---: |' in lines
    assert '| 64x17x64x48 | 11 | 1.5 ms (1.25–1.75) | 1.5 s (1.35–1.65) | 1000.0 |' in lines
    assert '| 1x17x64x48 | 11 | 1.5 ms (1.25–1.75) | 0.75 ms (0.675–0.825) | **0.5** |' in lines
    # of the sweep: loop over DARK, DARK over floor; what stands for a value on an axis is not shown
    assert '| factor | value | floor | dark | quarter pixel | loop | loop / dark | dark / floor |' in lines
    swept = next(line for line in lines if line.startswith('| keypoints | 17 |'))
    assert swept.endswith('| 136 ms (122–150) | 20 | 4 |')
    assert 'A note.' in lines
    assert lines[-1] == 'Tried.'
    text = '\n'.join(lines)
    for said in ('CPU of the test', '1 of 4 CPU cores', 'other programs on 0.2', 'torch 2.13.0', 'commit abc1234',
                 '`python tools/benchmarks/decode.py --sweep`', '2026-01-02'):  # fmt: skip
        assert said in text


def test_the_absence_of_a_gpu_is_said(generator):
    assert 'No GPU was at hand' in generator.page({'decode': decode_record()}, '')
    both = {'decode': decode_record(), 'decode_cuda': decode_record(device='A GPU')}
    text = generator.page(both, '')
    assert 'No GPU was at hand' not in text
    assert 'A GPU with CPU of the test' in text
    assert text.count('## Decoding') == 1
    assert 'figures/benchmarks_decode_cuda.png' in text


@pytest.mark.parametrize(('value', 'shown'), [(0.0012345, '0.00123'), (1.5, '1.5'), (24449, '24449'), (99.96, '100')])
def test_numbers_have_three_digits_and_no_exponent(generator, value, shown):
    assert generator.significant(value) == shown


def test_check_sees_a_changed_value(generate, docs):
    pytest.importorskip('matplotlib')
    folder, source = docs
    status, printed = generate('--from', source)
    assert status == 0
    assert 'benchmarks_decode.png' in printed
    assert generate('--check') == (0, '1 records; everything is up to date\n')
    assert (folder / 'figures' / 'benchmarks_decode.png').read_bytes().startswith(b'\x89PNG')
    page = (folder / 'benchmarks.md').read_text()

    (folder / 'benchmarks.md').write_text(page.replace('1.25–1.75', '1.25–1.85'))
    status, printed = generate('--check')
    assert status == 1
    assert 'out of date: benchmarks.md;' in printed
    assert '1.85' in (folder / 'benchmarks.md').read_text()  # only told
    assert generate()[0] == 0
    assert (folder / 'benchmarks.md').read_text() == page

    changed = copy.deepcopy(decode_record())
    changed['sweep'][0]['dark']['median'] = 0.41
    (folder / 'benchmarks' / 'decode.json').write_text(json.dumps(changed))
    status, printed = generate('--check')
    assert status == 1
    assert 'figures/benchmarks_decode.png, benchmarks.md' in printed
    assert generate()[0] == 0
    assert generate('--check')[0] == 0


def test_samples_are_drawn_over_their_floor(generate, docs):
    pytest.importorskip('matplotlib')
    rows = [{'input': '256x192', 'people': 'apart', 'decode + warp': timing(1.4), 'sample': timing(1.7), 'ratio': 1.21}]
    (docs[1] / 'pipeline.json').write_text(json.dumps(record('pipeline', rows)))
    assert generate('--from', docs[1])[0] == 0
    assert (docs[0] / 'figures' / 'benchmarks_pipeline.png').is_file()


def test_what_was_tried_stands_at_the_end(generator):
    rows = [{'tried instead': 'a loop', 'used': timing(1.0), 'tried': timing(3.0), 'speedup': 3.0}]
    text = generator.page({'decode': decode_record(), 'tried': record('tried', rows)}, '## Tried\n')
    assert text.index('## Decoding') < text.index('## Tried') < text.index('| a loop |')


@pytest.mark.parametrize(
    ('name', 'content', 'message'),
    [
        ('decode', 'no json', 'no json'),
        ('decode', '{"results": []}', 'it lacks benchmark, title'),
        ('decode', json.dumps(record('unheard_of', [{}])), "benchmark 'unheard_of'"),
        ('other', json.dumps(decode_record()), 'named NAME.json'),
    ],
)
def test_files_that_are_none_of_ours_are_refused(generator, tmp_path, name, content, message):
    (tmp_path / f'{name}.json').write_text(content)
    with pytest.raises(ValueError, match=message):
        generator.read_records(tmp_path)


def test_an_empty_folder_is_refused(generator, tmp_path):
    with pytest.raises(ValueError, match='run make bench'):
        generator.read_records(tmp_path)
