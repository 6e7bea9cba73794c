"""The command by Ray on this machine: rows, kills, full disks, faults. Each test starts Ray, which takes seconds."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from bulk_runs import WhiteRectangles, in_process, points, rows

from mmpose_dark.cli.bulk_stages import bulk_stages
from mmpose_dark.cli.network_arguments import choose_network
from mmpose_dark.cli.predict import main, parse_args
from mmpose_dark.inference.bulk import ray_engine
from mmpose_dark.inference.bulk.lake import list_lake
from mmpose_dark.inference.bulk.plan import is_done, make_plan
from mmpose_dark.inference.bulk.ray_engine import run_shards
from mmpose_dark.inference.bulk.stages import Made, Stage
from mmpose_dark.utils.errors import OutputError, StateError

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != 'posix', reason='signals')]
pytest.importorskip('ray')


@pytest.fixture(autouse=True)
def _helpers_in_workers(monkeypatch):
    monkeypatch.setenv('PYTHONPATH', str(Path(__file__).parents[2] / 'helpers'), prepend=os.pathsep)


@pytest.fixture
def words(lake, network, tmp_path):
    """Of a command with given boxes: the whole images."""
    return [str(lake), *network, '--engine', 'ray', '--shard-size', '2', '--out-dir', str(tmp_path / 'out')]


def run_command(words):
    return subprocess.run([sys.executable, '-m', 'mmpose_dark', 'predict', *words], capture_output=True, text=True)


def expected(words, monkeypatch, tmp_path):
    """Return the rows of one process."""
    with monkeypatch.context() as patch:
        patch.setattr(ray_engine, 'run_shards', in_process)
        assert main([*words[:-1], str(tmp_path / 'alone')]) == 3
    return points(rows(tmp_path / 'alone', 'people'))


def check_rows(folder, whole):
    names, values = points(rows(folder, 'people'))
    assert names == whole[0]
    np.testing.assert_allclose(values, whole[1], atol=0.02)
    images = [r['image_id'] for r in rows(folder, 'images')]
    assert images == sorted(set(images))
    assert len(images) == 12


def with_rectangles(stages):
    """Replace the detector's network, in the workers, by one that needs no file."""

    def make(real):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr('mmpose_dark.cli.bulk_stages.make_detector', lambda name, score_thr: WhiteRectangles())
            return real()

    return [stage._replace(make=partial(make, stage.make)) for stage in stages]


def wrapped(stage, before):
    """Return a stage that calls ``before`` with the number of each shard."""

    def make():
        work = stage.make()

        def do(shard, carried):
            before(shard[0])
            return work(shard, carried)

        return do

    return stage._replace(make=make)


@pytest.mark.parametrize('workers', [1, 2])
@pytest.mark.parametrize('detects', [False, True])
def test_rows_do_not_depend_on_the_workers(words, workers, detects, monkeypatch, tmp_path):
    if not detects:
        words = [words[0], '--whole-image', *words[1:]]
    monkeypatch.setattr('mmpose_dark.cli.bulk_stages.make_detector', lambda name, score_thr: WhiteRectangles())
    whole = expected(words, monkeypatch, tmp_path)
    by_ray = lambda shards, stages, **options: run_shards(shards, with_rectangles(stages), **options)  # noqa: E731
    monkeypatch.setattr(ray_engine, 'run_shards', by_ray)
    assert main([words[0], '--workers', str(workers), *words[1:]]) == 3
    check_rows(tmp_path / 'out', whole)


def _stages_and_shards(words):
    args = parse_args(words)
    folder = Path(args.out_dir)
    shards, _ = make_plan(folder, list_lake(args.source), {}, args.shard_size)
    return bulk_stages(args, choose_network(args), folder), shards, folder


def test_a_worker_that_is_killed_has_its_shard_done_again(words, monkeypatch, tmp_path):
    words = [words[0], '--whole-image', '--workers', '2', *words[1:]]
    whole = expected(words, monkeypatch, tmp_path)
    stages, shards, folder = _stages_and_shards(words)
    marks = tmp_path / 'marks'
    marks.mkdir()

    def die_once(number):
        if number in (1, 4) and not (marks / str(number)).exists():
            (marks / str(number)).touch()
            os.kill(os.getpid(), signal.SIGKILL)

    done = list(run_shards(shards, [wrapped(stages[0], die_once)]))
    assert sum(stage.images for shard in done for stage in shard) == 12
    assert len(list(marks.iterdir())) == 2
    check_rows(folder, whole)


def test_a_shard_that_kills_its_workers_is_given_up(words, tmp_path):
    stages, shards, folder = _stages_and_shards([words[0], '--whole-image', *words[1:]])
    tries = tmp_path / 'tries'

    def die(number):
        if number == 2:
            with tries.open('a') as file:
                file.write('x')
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(StateError, match=r'^Ray gave up: .*Shards that are written stay') as raised:
        list(run_shards(shards, [wrapped(stages[0], die)]))
    assert '\n' not in str(raised.value)
    assert len(tries.read_text()) == 4
    assert not is_done(folder, 2)


def test_a_fault_in_a_worker_is_one_line_with_its_place(words):
    stages, shards, _ = _stages_and_shards([words[0], '--whole-image', *words[1:]])

    def fail(number):
        if number == 3:
            raise ZeroDivisionError('a fault\nof two lines')

    with pytest.raises(StateError) as raised:
        list(run_shards(shards, [wrapped(stages[0], fail)]))
    said = str(raised.value)
    assert said.startswith('keypoints, shard 3, images 6 to 7 (')
    assert '06.png ...): ZeroDivisionError: a fault of two lines. Shards that are written stay' in said
    assert '\n' not in said
    assert 'in fail' in str(raised.value.__cause__)


def test_a_worker_that_cannot_start_says_so(words):
    _, shards, _ = _stages_and_shards([words[0], '--whole-image', *words[1:]])

    def make():
        raise ZeroDivisionError('no such thing')

    with pytest.raises(StateError, match='a worker of keypoints cannot start: ZeroDivisionError: no such thing'):
        list(run_shards(shards, [Stage('keypoints', make)]))


def test_a_full_disk_ends_the_run_and_keeps_what_is_whole(words, monkeypatch, tmp_path):
    words = [words[0], '--whole-image', *words[1:]]
    whole = expected(words, monkeypatch, tmp_path)
    stages, shards, folder = _stages_and_shards(words)

    def fill(number):
        import resource

        if number == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    with pytest.raises(OutputError, match=r'part-000003\.parquet: could not be written'):
        list(run_shards(shards, [wrapped(stages[0], fill)]))
    assert not is_done(folder, 3)
    left = [shard for shard in shards if not is_done(folder, shard[0])]
    assert len(left) < len(shards)
    list(run_shards(left, stages))
    check_rows(folder, whole)


@pytest.mark.skipif(not sys.platform.startswith('linux') or os.geteuid() != 0, reason='small disks need root')
def test_a_small_disk_by_the_command(words, tmp_path):
    disk = tmp_path / 'disk'
    disk.mkdir()
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=100k', 'tmpfs', str(disk)], check=True)
    try:
        ended = run_command([words[0], '--whole-image', *words[1:-1], str(disk / 'out')])
        assert ended.returncode == 2, ended.stderr
        assert 'No space left on device' in ended.stderr
        assert 'Traceback' not in ended.stderr
        done = sorted(p.name for p in (disk / 'out' / 'images').iterdir())
        assert done == [f'part-{i:06d}.parquet' for i in range(len(done))]
        assert 0 < len(done) < 6
        assert not (disk / 'out' / 'predict.lock').exists()
    finally:
        subprocess.run(['umount', '-l', str(disk)], check=True)


def test_the_command_is_killed_and_goes_on(words, monkeypatch, tmp_path):
    words = [words[0], '--whole-image', '--workers', '2', *words[1:]]
    whole = expected(words, monkeypatch, tmp_path)
    command = [sys.executable, '-m', 'mmpose_dark', 'predict', *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 120
        while not list((tmp_path / 'out').glob('images/part-*')) and time.monotonic() < until:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    again = run_command(words)
    assert again.returncode == 3, again.stderr
    assert ' of 6 shards are to be done' in again.stdout
    check_rows(tmp_path / 'out', whole)
    assert not [p for p in (tmp_path / 'out').rglob('.*') if p.is_file()]
    assert not (tmp_path / 'out' / 'predict.lock').exists()


def test_what_waits_for_a_slow_stage_does_not_grow_with_the_lake(tmp_path, monkeypatch):
    monkeypatch.setattr(ray_engine, '_LEAST_AT_ONCE', 12)
    monkeypatch.setattr(ray_engine, '_ROUNDS', 6)
    shards, log = [(i, i, []) for i in range(60)], tmp_path / 'log'

    def noting(name, seconds):
        def make():
            def work(shard, carried):
                time.sleep(seconds)
                with log.open('a') as file:
                    file.write(name)
                return Made(1, 0, 'x' * 1000)

            return work

        return Stage(name, make)

    list(run_shards(shards, [noting('a', 0), noting('b', 0.05)]))
    order = log.read_text()
    ahead = [order[: i + 1].count('a') - order[: i + 1].count('b') for i in range(len(order))]
    assert (order.count('a'), order.count('b')) == (60, 60)
    assert max(ahead) <= 12
