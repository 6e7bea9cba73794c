"""One training a folder, losses that are not finite, and what a run leaves behind."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
import torch
from process_ends import all_end

from mmpose_dark.checkpoint import load_state_dict_file
from mmpose_dark.checkpoint.file_lock import only_one
from mmpose_dark.engine.batches import batches
from mmpose_dark.engine.finite import NonFiniteError
from mmpose_dark.models import ResNet
from mmpose_dark.utils.errors import ExistsError, OutputError, StateError
from mmpose_dark.utils.parents import end_with_parent

DIVERGES = {'optim_wrapper.optimizer': dict(_delete_=True, type='SGD', lr=1e30), 'param_scheduler': None}


def test_a_finished_training_is_not_replaced(make_runner):
    runner = make_runner(**{'train_cfg.max_epochs': 1})
    runner.train()
    before = (Path(runner.work_dir) / 'epoch_1.pth').read_bytes()
    with pytest.raises(ExistsError, match=r'holds a training already.*--resume.*--work-dir.*--overwrite'):
        make_runner(**{'train_cfg.max_epochs': 1}).train()
    assert (Path(runner.work_dir) / 'epoch_1.pth').read_bytes() == before
    again = make_runner(overwrite=True, **{'train_cfg.max_epochs': 1, 'default_hooks.checkpoint.interval': 5})
    again.train()
    assert [p.name for p in Path(runner.work_dir).glob('epoch_*')] == ['epoch_1.pth']


def test_two_trainings_in_one_folder(make_runner, monkeypatch):
    runner = make_runner()
    lock, says = (
        Path(runner.work_dir) / 'training.lock',
        rf'a training is running there already \(process {os.getpid()}\)',
    )
    with only_one(lock, 'a training'), pytest.raises(StateError, match=says), only_one(lock, 'a training', patience=0):
        pass
    runner.train()
    assert not (Path(runner.work_dir) / 'training.lock').exists()


@pytest.mark.skipif(os.name == 'nt', reason='no fork')
def test_a_child_does_not_keep_the_lock(tmp_path):
    with only_one(tmp_path / 'a.lock', 'a training'):
        child = os.fork()
        if child == 0:
            import time

            time.sleep(3)
            os._exit(0)
    with only_one(tmp_path / 'a.lock', 'a training', patience=0):
        pass
    os.kill(child, 9)
    os.waitpid(child, 0)


def test_left_over_files_go(make_runner):
    runner = make_runner(**{'train_cfg.max_epochs': 1})
    import socket

    dead = Path(runner.work_dir, f'.best_x.pth.{socket.gethostname().replace("-", "_")}-99999999-0.tmp')
    dead.touch()
    runner.train()
    assert [p.name for p in Path(runner.work_dir).iterdir() if p.name.startswith('.') and p.is_file()] == []


@pytest.mark.skipif(not os.path.isdir('/proc/self/fd'), reason='needs /proc')
def test_a_run_keeps_no_file_open(make_runner):
    def opened():
        return {
            os.path.realpath(f'/proc/self/fd/{fd}')
            for fd in os.listdir('/proc/self/fd')
            if os.path.realpath(f'/proc/self/fd/{fd}').endswith(('.log', '.lock'))
        }

    before = opened()
    runner = make_runner(**{'train_cfg.max_epochs': 1, 'log_level': 'INFO'})
    runner.train()
    assert opened() == before
    runner.logger.error('one more line')
    (log,) = Path(runner.work_dir).rglob('*.log')
    assert 'one more line' in log.read_text()
    assert len(log.read_text().splitlines()) > 1


@pytest.mark.parametrize('gone', [False, True])
def test_networks_are_initialised_behind_a_run(make_runner, gone):
    """mmengine writes about it to the log file of the run that was the last, which is closed."""
    runner = make_runner(**{'train_cfg.max_epochs': 1})
    runner.train()
    if gone:
        shutil.rmtree(runner.work_dir)
    ResNet(18, init_cfg=dict(type='Normal', layer='Conv2d', std=0.1)).init_weights()
    assert Path(runner.work_dir).exists() != gone


def test_a_loss_that_is_not_finite_stops_training(make_runner):
    runner = make_runner(**DIVERGES)
    with pytest.raises(
        NonFiniteError, match=r'(train/loss is (nan|inf) in iteration \d+.*batch of \d+.*Last good|not written)'
    ):
        runner.train()
    for path in Path(runner.work_dir).glob('*.pth'):
        assert all(v.isfinite().all() for v in load_state_dict_file(path)['state_dict'].values())


def test_going_on_overwrites_no_checkpoint(make_runner, caplog):
    first = make_runner(**{'train_cfg.max_epochs': 1})
    first.train()
    kept = {p.name: p.read_bytes() for p in Path(first.work_dir).glob('*.pth')}
    runner = make_runner(
        resume=True, **{'default_hooks.runtime_info': dict(type='RuntimeInfoHook', on_non_finite='warn')},
        **{'optim_wrapper.optimizer.lr': 1e30, 'train_cfg.max_epochs': 4, 'param_scheduler': None},
    )  # fmt: skip
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert 'Last good checkpoint: ' in caplog.text
    assert 'no checkpoint is written' in caplog.text
    for path in Path(runner.work_dir).glob('*.pth'):
        assert all(v.isfinite().all() for v in load_state_dict_file(path)['state_dict'].values()), path
    assert {name: (Path(runner.work_dir) / name).read_bytes() for name in kept} == kept


@pytest.mark.parametrize('changes', [{'train_dataloader.batch_size': 25}, {'train_dataloader.dataset.size': 3}])
def test_data_that_makes_not_one_batch(make_runner, changes):
    with pytest.raises(ValueError, match=r'not one batch: drop_last=True.*batch_size'):
        make_runner(**{'train_dataloader.drop_last': True}, **changes).train()


def test_no_training_data(make_runner):
    with pytest.raises(ValueError, match='the training dataset has no sample'):
        make_runner(**{'train_dataloader.dataset.size': 0}).train()


def test_evaluation_drops_nothing(make_runner):
    runner = make_runner(test_only=True, **{'test_dataloader.drop_last': True})
    assert runner.test()['toy/count'] == 11


def test_a_disk_that_is_full_is_one_error(make_runner, monkeypatch):
    runner = make_runner()

    def full(*_, **__):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(type(runner.visualizer), 'add_scalars', full)
    with pytest.raises(OutputError, match=rf'{runner.work_dir}: could not be written: No space left on device'):
        runner.train()


def test_a_log_that_cannot_be_written_is_told_once(tmp_path):
    from mmpose_dark.engine.closing import quiet_log_files

    logger = logging.getLogger('a log on a full disk')
    told = []
    handler = logging.FileHandler(tmp_path / 'a.log')
    keeper = logging.Handler()
    keeper.emit = lambda record: told.append(record.getMessage())
    logger.addHandler(handler)
    logger.addHandler(keeper)
    quiet_log_files(logger)
    handler.stream.close()
    for i in range(3):
        logger.error(f'line {i}')
    assert sum('could not be written' in line for line in told) == 1
    logger.handlers.clear()


class _Slow(torch.utils.data.Dataset):
    def __init__(self, act):
        self.act = act

    def __len__(self):
        return 4

    def __getitem__(self, index):
        if index == 2:
            self.act()
        return index


def _hang():
    import time

    time.sleep(60)


def _die():
    os._exit(7)


@pytest.mark.parametrize(
    ('act', 'says'),
    [
        pytest.param(_hang, r'no batch came .* in 1 s.*test_dataloader\.timeout', marks=pytest.mark.slow),
        (_die, 'exit code'),
    ],
)
def test_workers_that_hang_or_end_are_named(act, says):
    loader = torch.utils.data.DataLoader(_Slow(act), batch_size=1, num_workers=1, timeout=1 if act is _hang else 30)
    with pytest.raises(StateError, match=rf'test_dataloader: .*{says}'):
        list(batches(loader, 'test'))


class _Freezes(torch.utils.data.Dataset):
    """Stops its worker for ever once it has sent a batch, which is not taken before that."""

    def __len__(self):
        return 8

    def __getitem__(self, index):
        if index == 1:
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGSTOP)).start()
        return torch.zeros(200_000)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='Linux')
def test_a_worker_that_freezes_behind_its_batches(tmp_path):
    """Their memory is asked of the worker over a socket, without a limit; and Python's end waits for it."""
    script = f"""
    import sys, time
    sys.path[:0] = [{str(Path(__file__).parent)!r}, {str(Path(__file__).parents[1] / 'helpers')!r}]
    import torch
    from test_work_folder import _Freezes
    from mmpose_dark.engine.batches import batches
    from mmpose_dark.engine.dataloader import complete_dataloader_cfg
    from mmpose_dark.utils.errors import StateError
    complete_dataloader_cfg(dict(num_workers=1), seed=0, rank=0)
    loader = torch.utils.data.DataLoader(_Freezes(), batch_size=1, num_workers=1, timeout=2, prefetch_factor=4)
    try:
        for batch in batches(loader, 'train'):
            time.sleep(2)
    except StateError as err:
        print(err)
    """
    done = subprocess.run(
        [sys.executable, '-c', textwrap.dedent(script)], capture_output=True, text=True, timeout=200
    )  # fmt: skip
    assert 'train_dataloader: no batch came from 1 worker processes in 2 s' in done.stdout, done.stderr[-2000:]


@pytest.mark.skipif(os.name == 'nt', reason='posix')
def test_the_child_of_a_killed_process_ends(tmp_path):
    note = tmp_path / 'pid'
    script = f"""
    import os, time
    from mmpose_dark.utils.parents import end_with_parent
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        end_with_parent(parent)
        open({str(note)!r}, 'w').write(str(os.getpid()))
        time.sleep(60)
    time.sleep(60)
    """
    process = subprocess.Popen([sys.executable, '-c', textwrap.dedent(script)])
    import time

    until = time.monotonic() + 30
    while not (note.exists() and note.read_text()) and time.monotonic() < until:
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert all_end([int(note.read_text())], 10)
    assert callable(end_with_parent)
