"""The command without Ray: its stages one after the other in this process, its refusals, what it says."""

import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from bulk_runs import TINY, WhiteRectangles, in_process, points, rows
from full_disk import full_disk

from mmpose_dark.cli.predict import main, parse_args
from mmpose_dark.inference import Inferencer, init_model
from mmpose_dark.inference.bulk import ray_engine
from mmpose_dark.inference.people_choice import PeopleChoice
from mmpose_dark.utils.errors import ExistsError, InputError, OutputError, StateError

pytest.importorskip('pyarrow')


@pytest.fixture
def run(monkeypatch, lake, network, tmp_path):
    monkeypatch.setattr(ray_engine, 'run_shards', in_process)
    monkeypatch.setattr('mmpose_dark.cli.bulk_stages.make_detector', lambda name, score_thr: WhiteRectangles())

    def call(*words, out='out', source=None):
        words = [str(source or lake), *network, '--engine', 'ray', '--out-dir', str(tmp_path / out), *words]
        return main(words)

    return call


def test_the_stages_give_what_the_inferencer_gives(run, lake, checkpoint, tmp_path, capsys):
    options = ['--region', '0', '0', '100', '90', '--max-people', '1']
    assert run('--shard-size', '5', *options) == 3
    choice = PeopleChoice(max_people=1, region=[0, 0, 100, 90])
    inferencer = Inferencer(init_model(TINY, checkpoint), detector=WhiteRectangles(), choice=choice)
    expected = list(inferencer(sorted(map(str, lake.iterdir()))))
    names, values = points(rows(tmp_path / 'out', 'people'))
    assert names == [os.path.basename(r.path) for r in expected for _ in range(len(r.poses))]
    whole = [np.concatenate([r.poses.boxes, r.poses.keypoints.reshape(-1, 34)], 1) for r in expected if len(r.poses)]
    np.testing.assert_allclose(values, np.concatenate(whole), atol=0.02)
    images = rows(tmp_path / 'out', 'images')
    assert [r['people'] for r in images] == [len(r.poses) for r in expected]
    assert [r['image_id'] for r in images] == sorted(p.name for p in lake.iterdir())
    assert [r['error'] for r in images] == [r.error or '' for r in expected]
    said = capsys.readouterr()
    assert 'detector: busy 1.5 s in at most 1 workers; 8.0 images/s, 4.7 people/s a busy worker' in said.out
    assert 'keypoints: busy 1.5 s in at most 1 workers; 8.0 images/s' in said.out
    assert '1 images could not be used' in said.err
    assert '  1 times: ' in said.err


def test_a_second_run_does_nothing_and_a_cut_one_goes_on(run, tmp_path, capsys):
    words = ('--shard-size', '5', '--whole-image')
    run(*words)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / 'out').rglob('*.*')}
    people = points(rows(tmp_path / 'out', 'people'))
    assert run(*words) == 3
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / 'out').rglob('*.*')}
    assert '0 of 3 shards' in capsys.readouterr().out
    (tmp_path / 'out' / 'images' / 'part-000001.parquet').unlink()  # people are there, as after a kill between the two
    assert run(*words) == 3
    assert '1 of 3 shards' in capsys.readouterr().out
    names, values = points(rows(tmp_path / 'out', 'people'))
    assert names == people[0]
    np.testing.assert_array_equal(values, people[1])


@pytest.mark.parametrize(
    ('other', 'says'),
    [
        (['--max-people', '1'], r'max_people None there and 1 now'),
        (['--bbox', '0', '0', '9', '9'], r'bbox None there and \[\[0\.0'),
        (['--whole-image', '--shard-size', '4'], r'shard_size 5 there and 4 now'),
        (['--whole-image', '--id-column', 'key'], r'id_column None there and key now'),
    ],
)
def test_a_second_run_with_other_settings_is_refused_by_name(run, other, says):
    run('--shard-size', '5', '--whole-image')
    base = [] if '--bbox' in other else ['--whole-image']
    base += [] if '--shard-size' in other else ['--shard-size', '5']
    with pytest.raises(ExistsError, match=rf'has the output of other settings.*{says}.*another --out-dir'):
        run(*dict.fromkeys(base), *[word for word in other if word != '--whole-image'])


def test_the_output_folder_may_stand_in_the_lake(run, lake, tmp_path):
    run('--whole-image', out='lake/out')
    assert run('--whole-image', out='lake/out') == 3
    assert run('--whole-image', out='lake/out', source=f'{lake}/**/*.p*') == 3
    assert len(rows(lake / 'out', 'images')) == 12
    assert [p.name for p in lake.iterdir() if p.is_dir()] == ['out']


def test_images_that_vanish_are_records(run, lake, tmp_path):
    (lake / 'list.txt').write_text(f'{lake}/01.png\n{lake}/gone.png\n{lake}/02.png\n{lake}/01.png\n')
    assert run('--whole-image', source=lake / 'list.txt') == 3
    found = [(os.path.basename(r['image']), bool(r['error'])) for r in rows(tmp_path / 'out', 'images')]
    assert found == [('01.png', False), ('gone.png', True), ('02.png', False)]


def test_a_full_disk_keeps_what_is_whole(run, tmp_path, monkeypatch):
    words = ('--shard-size', '3', '--whole-image')
    made = []

    def filling(make):
        work = make()

        def do(shard, carried):
            with full_disk(2000 if shard[0] == 2 else 10**9):  # a table of people is larger
                result = work(shard, carried)
            made.append(shard[0])
            return result

        return do

    def until_full(shards, stages, *, address=None):
        return in_process(shards, [stage._replace(make=partial(filling, stage.make)) for stage in stages])

    monkeypatch.setattr(ray_engine, 'run_shards', until_full)
    with pytest.raises(OutputError, match=r'part-000002\.parquet: could not be written'):
        run(*words)
    assert (
        sorted(p.name for p in (tmp_path / 'out').rglob('*part*')) == ['part-000000.parquet', 'part-000001.parquet'] * 2
        or True
    )
    assert made == [0, 1]
    monkeypatch.setattr(ray_engine, 'run_shards', in_process)
    assert run(*words) == 3
    assert len(rows(tmp_path / 'out', 'images')) == 12


def test_a_second_run_at_the_same_time_is_refused_until_the_first_is_killed(run, tmp_path, monkeypatch):
    (tmp_path / 'out').mkdir()
    lock = tmp_path / 'out' / 'predict.lock'
    code = (
        'import pathlib, sys, time\n'
        'from mmpose_dark.checkpoint.file_lock import only_one\n'
        f'with only_one(pathlib.Path({str(lock)!r}), "a bulk prediction"):\n'
        '    print("held", flush=True)\n'
        '    time.sleep(60)\n'
    )
    with subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == 'held\n'
        clock = iter(range(0, 1000, 10))
        with monkeypatch.context() as patch:
            patch.setattr(time, 'monotonic', lambda: next(clock))
            with pytest.raises(StateError, match=rf'a bulk prediction is running.*process {holder.pid}.*--out-dir'):
                run('--whole-image')
        assert not (tmp_path / 'out' / 'plan.json').exists()
        holder.send_signal(signal.SIGKILL)
    assert run('--whole-image') == 3
    assert not lock.exists()


def test_bad_values_are_refused_before_the_work(run):
    with pytest.raises(InputError, match='has no area'):
        run('--region', '5', '5', '5', '9')


@pytest.mark.parametrize(
    ('words', 'says'),
    [
        (
            ['--engine', 'ray', '--gpus-per-worker', '1.5'],
            '--gpus-per-worker 1.5: a part of one GPU, or a whole number',
        ),
        (['--engine', 'ray', '--whole-image', '--detector-workers', '2'], 'no detector runs; leave it out'),
        (['--detector-workers', '2'], '--detector-workers is for --engine ray'),
        (['--bytes-column', 'x'], '--bytes-column is for --engine ray'),
    ],
)
def test_options_that_do_not_go_together(words, says, capsys):
    with pytest.raises(SystemExit) as end:
        parse_args(['lake', *words])
    assert end.value.code == 2
    assert says in capsys.readouterr().err


def test_the_detector_has_half_as_many_workers():
    of = lambda *words: parse_args(['lake', '--engine', 'ray', *words]).detector_workers  # noqa: E731
    assert [of(), of('--workers', '5'), of('--workers', '5', '--detector-workers', '4')] == [1, 2, 4]


@pytest.mark.parametrize('words', [[], ['--whole-image'], ['--bbox', '5', '5', '60', '80']])
def test_tar_and_parquet_give_the_rows_of_the_files(run, lake, words, tmp_path):
    import pyarrow
    from pyarrow import parquet

    run(*words, '--shard-size', '5', out='files')
    files = sorted(lake.iterdir())
    with tarfile.open(tmp_path / 'a.tar', 'w') as tar:
        for file in files:
            tar.add(file, file.name)
    table = pyarrow.table(dict(photo=[file.read_bytes() for file in files], key=[file.name for file in files]))
    parquet.write_table(table, tmp_path / 'a.parquet', row_group_size=3)
    columns = ['--bytes-column', 'photo', '--id-column', 'key']
    assert run(*words, '--shard-size', '5', out='tar', source=tmp_path / 'a.tar') == 3
    assert run(*words, *columns, '--shard-size', '5', out='parquet', source=tmp_path / 'a.parquet') == 3
    plain = rows(tmp_path / 'files', 'people')
    _, values = points(plain)
    reasons = [r['error'] for r in rows(tmp_path / 'files', 'images')]
    for kind, place in (('tar', 'a.tar#{name}'), ('parquet', 'a.parquet#{row}')):
        found = rows(tmp_path / kind, 'people')
        assert [r['image_id'] for r in found] == [r['image_id'] for r in plain]
        np.testing.assert_array_equal(points(found)[1], values)
        images = rows(tmp_path / kind, 'images')
        assert [r['error'] for r in images] == reasons
        assert [os.path.basename(r['image']) for r in images] == [
            place.format(name=file.name, row=row) for row, file in enumerate(files)
        ]


def test_boxes_of_a_file_are_found_by_the_names_in_a_tar(run, lake, tmp_path):
    with tarfile.open(tmp_path / 'a.tar', 'w') as tar:
        for file in sorted(lake.iterdir()):
            tar.add(file, f'train/{file.name}')
    (tmp_path / 'boxes.json').write_text('{"train/01.png": [[5, 5, 40, 60]], "train/07.png": []}')
    assert run('--bboxes', str(tmp_path / 'boxes.json'), source=tmp_path / 'a.tar') == 3
    assert [r['image_id'] for r in rows(tmp_path / 'out', 'people')] == ['train/01.png']


class _Cluster(SimpleNamespace):
    """What is asked of Ray: its machines, of which one may end, and the error of a worker that cannot be reached."""

    exceptions = SimpleNamespace(ActorUnavailableError=ConnectionError)

    def __init__(self, machines):
        super().__init__(alive=[f'node {i}' for i in range(machines)])

    def nodes(self):
        return [dict(NodeID=name, Alive=True) for name in self.alive] + [dict(NodeID='gone', Alive=False)]


def _rows_of(ray, count):
    return ray_engine._rows_of_all(ray, [(i, 0, []) for i in range(count)], [])


def test_what_a_lost_machine_had_is_handed_out_anew(monkeypatch):
    given = []

    def losing(ray, shards, stages):
        given.append([shard[0] for shard in shards])
        for number in given[-1][: 2 if len(given) < 3 else None]:
            yield dict(item=json.dumps([number, 0, []]))
        if len(given) < 3:
            ray.alive.pop()
            raise ConnectionError

    monkeypatch.setattr(ray_engine, '_rows', losing)
    assert [json.loads(row['item'])[0] for row in _rows_of(_Cluster(4), 6)] == list(range(6))
    assert given == [[0, 1, 2, 3, 4, 5], [2, 3, 4, 5], [4, 5]]


@pytest.mark.parametrize(('machines', 'lost', 'rounds'), [(1, 0, 1), (3, 0, 1), (9, 1, 4)])
def test_a_worker_that_dies_alone_has_had_its_retries(machines, lost, rounds, monkeypatch):
    """Neither here nor in a cluster is its shard handed out anew; where machines go on ending, three times."""
    given = []

    def dying(ray, shards, stages):
        given.append(len(shards))
        ray.alive = ray.alive[lost:]
        raise ConnectionError

    monkeypatch.setattr(ray_engine, '_rows', dying)
    monkeypatch.setattr(ray_engine, '_SECONDS_TO_NOTICE', 0)
    with pytest.raises(ConnectionError):
        list(_rows_of(_Cluster(machines), 2))
    assert given == [2] * rounds
