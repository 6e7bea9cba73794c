"""The cost model against arithmetic by hand."""

import importlib.util
import json
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONSTANTS = dict(
    image_bytes=100_000.0, decode_ms=2.0, crop_ms=0.3, write_ms=0.2, person_bytes=600.0, record_bytes=20.0,
    list_ms=0.03, plan_ms=0.01, plan_bytes=100.0, plan_memory_bytes=1000.0, report_ms=1.0, whole_ms=202.6,
    net_gmacs=10.0, net_ms=100.0,
)  # fmt: skip


@pytest.fixture(scope='module')
def model():
    spec = importlib.util.spec_from_file_location('cost_model', ROOT / 'tools' / 'analysis_tools' / 'cost_model.py')
    module = importlib.util.module_from_spec(spec)
    sys.modules['cost_model'] = module  # dataclasses look there
    spec.loader.exec_module(module)
    yield module
    del sys.modules['cost_model']


def test_the_page_is_current(model):
    """Else: python tools/analysis_tools/cost_model.py --write docs/scale.md."""
    page = (ROOT / 'docs' / 'scale.md').read_text()
    assert model.with_text(page, model.text_of(model.read_constants(model.CONSTANTS), model.Assumptions())) == page


def test_rates_by_hand(model):
    given = model.Assumptions(people=2, peak_tflops=100, share=0.4)
    # 40e12 operations a second over 2 people of 20e9
    assert model.gpu_rate(10.0, given) == pytest.approx(1000)
    assert model.host_ms(CONSTANTS, given) == pytest.approx(2 + 2 * 0.5)
    assert model.core_rate('net', CONSTANTS, given) == pytest.approx(1000 / 203)
    flipped = model.Assumptions(people=2, peak_tflops=100, share=0.4, flip=True, detector_gmacs=10.0)
    assert model.gpu_rate(10.0, flipped) == pytest.approx(40e12 / (20e9 * 5))
    assert model.core_rate('net', CONSTANTS, flipped) == pytest.approx(1000 / 403)
    large = model.Assumptions(people=2, image_bytes=300_000)
    assert model.host_ms(CONSTANTS, large) == pytest.approx(6 + 1)


def test_the_least_rate_holds_a_machine_up(model):
    given = dict(people=2, peak_tflops=100, share=0.4)
    limits = model.machine_limits('net', CONSTANTS, model.Assumptions(gpus=4, cores=64, storage=3.0, **given))
    assert list(limits) == ['GPUs', 'cores', 'reading']
    assert list(limits.values()) == pytest.approx([4000, 64_000 / 3, 30_000])
    few = model.machine_limits('net', CONSTANTS, model.Assumptions(gpus=4, cores=6, storage=3.0, **given))
    assert next(iter(few.items())) == ('cores', pytest.approx(2000))
    slow = model.machine_limits('net', CONSTANTS, model.Assumptions(gpus=4, cores=64, storage=0.1, **given))
    assert next(iter(slow.items())) == ('reading', pytest.approx(1000))


def test_a_plan_that_does_not_fit_is_said(model):
    given = model.Assumptions(images=1e9, memory=64)
    assert model.most_planned(CONSTANTS, given) == pytest.approx(64e6)
    rows = {row['quantity']: list(row.values())[1:] for row in model.plan_table(CONSTANTS, given)}
    assert rows['fits'] == ['yes', 'yes', 'no', 'no']
    assert rows['memory to list and plan'] == ['1 GB', '10 GB', '100 GB', '1 TB']
    assert rows['`plan.json`'][-1] == '100 GB'
    assert rows['images read'][-1] == '100 TB'
    assert rows['Parquet written'][-1] == '1.2 TB'  # 2 x 600 + 20 bytes an image
    assert rows['Parquet files'] == ['2,000', '20,000', '200,000', '2 million']
    assert rows['listing, planning'][-1] == '11 h'
    assert rows['looking for failures at the end'][-1] == '17 min'


def test_every_quantity_has_a_column_a_network(model):
    rows = model.work_table(CONSTANTS | dict(other_gmacs=20.0, other_ms=300.0), model.Assumptions())
    assert {tuple(row) for row in rows} == {('quantity', 'net', 'other')}
    by_name = {row['quantity']: row for row in rows}
    # twice the arithmetic, half the images
    assert by_name['images a GPU-hour (arithmetic)']['net'] == '7 million'
    assert by_name['images a GPU-hour (arithmetic)']['other'] == '3.5 million'


def test_own_assumptions_and_files(model, monkeypatch, tmp_path, capsys):
    path = tmp_path / 'constants.json'
    path.write_text(json.dumps(dict(results=[dict(constant=k, value=v) for k, v in CONSTANTS.items()])))
    page = tmp_path / 'page.md'
    page.write_text(f'Before.\n{model.BEGIN}\n{model.END}\nBehind.\n')

    def run(*arguments):
        monkeypatch.setattr(sys, 'argv', ['cost_model.py', '--constants', str(path), *arguments])
        model.main()
        return capsys.readouterr().out

    assert '2 million images, 3 people each, 100 kB a file' in run('--images', '2e6', '--people', '3')
    run('--write', str(page))
    text = page.read_text()
    assert text.startswith('Before.\n')
    assert text.endswith('\nBehind.\n')
    assert 'plans at most 64 million images' in text
    run('--write', str(page))
    assert page.read_text() == text
    for wrong in (('--people', '0'), ('--people', 'nan'), ('--share', '1.1'), ('--gpus', '-1')):
        with pytest.raises(SystemExit):
            run(*wrong)
    page.write_text('no marks')
    with pytest.raises(ValueError, match='the page needs a line'):
        run('--write', str(page))


@pytest.mark.parametrize(
    ('text', 'message'),
    [('no json', 'not written by'), ('{"results": []}', 'lacks image_bytes'), ('[]', 'not written')],
)
def test_other_files_are_refused(model, tmp_path, text, message):
    path = tmp_path / 'constants.json'
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        model.read_constants(path)
