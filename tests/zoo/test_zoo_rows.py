import json

import pytest

from mmpose_dark.zoo.rows import Row, ZooError, read_zoo

ROW = dict(id='a', source='s', benchmark='b', model='m', config='c.py', checkpoint=None, published=dict(AP=50.0))
BENCHMARK = dict(
    title='t', dataset='d', unit=100, main='AP', tolerance=0.1, figures=dict(AP='coco/AP', Hand=['l', 'r'])
)


@pytest.fixture
def write(tmp_path):
    def write(*rows, **benchmark):
        path = tmp_path / 'published.json'
        data = dict(sources=dict(s={}), collections={}, benchmarks=dict(b=BENCHMARK | benchmark), rows=list(rows))
        path.write_text(json.dumps(data))
        return path

    return write


@pytest.mark.parametrize(
    ('checkpoint', 'url', 'weights'),
    [
        ('https://host/a-12345678.pth', 'https://host/a-12345678.pth', 'https://host/a-12345678.pth'),
        ('https://drive.google.com/file/d/1/view', None, 'checkpoints/a.pth'),
        (None, None, 'checkpoints/a.pth'),
    ],
)
def test_where_weights_come_from(checkpoint, url, weights):
    row = Row(**ROW | dict(checkpoint=checkpoint, options={'test_evaluator.thr': 0.11}))
    assert (row.url, row.weights) == (url, weights)
    assert row.command == f'python tools/test.py c.py {weights} --cfg-options test_evaluator.thr=0.11'
    assert row.test_arguments('mine.pth')[2] == 'mine.pth'
    shared = Row(**ROW | dict(checkpoint=checkpoint, weights_of='b'))
    assert shared.weights == (url or 'checkpoints/b.pth')


@pytest.mark.parametrize(('found', 'reproduced'), [(0.4989, False), (0.499, True), (0.501, True), (0.5011, False)])
def test_the_main_value_decides(write, found, reproduced):
    zoo = read_zoo(write(ROW | dict(published=dict(AP=50.0, Hand=10.0))))
    result = zoo.compare(zoo.rows['a'], {'coco/AP': found, 'l': 0.9, 'r': 0.1, 'coco/AR': 1.0})
    assert result['reproduced'] is reproduced
    assert result['measured'] == dict(AP=round(100 * found, 3), Hand=50.0)
    assert zoo.compare(zoo.rows['a'], {'coco/AP': found}, tolerance=0.2)['reproduced']


def test_without_the_main_value(write):
    zoo = read_zoo(write(ROW))
    with pytest.raises(ZooError, match='a: the test gave no AP; its metrics are coco/AR'):
        zoo.compare(zoo.rows['a'], {'coco/AR': 1.0})
    zoo = read_zoo(write(ROW, server='https://server'))
    assert zoo.compare(zoo.rows['a'], {})['reproduced'] is None


def test_rows_are_chosen_by_pattern(write):
    zoo = read_zoo(write(*(ROW | dict(id=name) for name in ('hr_a', 'res_b', 'hr_c'))))
    assert [row.id for row in zoo.choose([])] == ['hr_a', 'res_b', 'hr_c']
    assert [row.id for row in zoo.choose(['hr_c', 'hr_*'])] == ['hr_a', 'hr_c']
    with pytest.raises(ZooError, match=r'hr_d: no such row in .*; did you mean hr_c or hr_a'):
        zoo.choose(['hr_a', 'hr_d'])


def test_results(write, tmp_path):
    zoo = read_zoo(write(ROW))
    row = zoo.rows['a']
    assert zoo.result(row) is None
    zoo.results_folder.mkdir()
    file = zoo.results_folder / 'a.json'
    file.write_text(json.dumps(zoo.compare(row, {'coco/AP': 0.5})))
    assert zoo.result(row)['measured'] == dict(AP=50.0)
    assert zoo.result(row, tmp_path) is None
    file.write_text('{"row": "b", "measured": {}}')
    with pytest.raises(ZooError, match=r'a\.json: is not a result of a'):
        zoo.result(row)
    file.write_text('{"row"')
    with pytest.raises(ZooError, match=r'a\.json: cannot be read'):
        zoo.result(row)


@pytest.mark.parametrize(
    ('rows', 'message'),
    [
        ([ROW, ROW], 'two rows have the same id'),
        ([ROW | dict(source='x')], "a: source 'x' is none of s"),
        ([ROW | dict(benchmark='x')], "a: benchmark 'x' is none of b"),
        ([ROW | dict(published=dict(AP=1.0, PA=2.0))], "the benchmark b has no figure 'PA'"),
        ([ROW | dict(published=dict(Hand=1.0))], 'a: AP of b is missing'),
        ([dict(id='a')], 'TypeError: .*missing .* a row needs id, source'),
        ([ROW | dict(weights_of='b')], "weights_of 'b' is no row"),
        ([ROW | dict(extra=1)], "unexpected keyword argument 'extra'"),
    ],
)
def test_contradictions(write, rows, message):
    with pytest.raises(ZooError, match=message):
        read_zoo(write(*rows))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ZooError, match='does not exist'):
        read_zoo(tmp_path / 'published.json')
