"""Writing checkpoints: the last good one survives whatever happens."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest
import torch

from mmpose_dark.engine.checkpoint import CheckpointError, load_state_dict_file, save_checkpoint, writing

posix = pytest.mark.skipif(os.name != 'posix', reason='needs POSIX signals and limits')


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_round_trip_makes_the_folder(tmp_path):
    path = tmp_path / 'new' / 'epoch_1.pth'
    save_checkpoint(dict(state_dict=dict(a=torch.arange(3))), path)
    assert load_state_dict_file(path)['state_dict']['a'].tolist() == [0, 1, 2]
    assert names(path.parent) == ['epoch_1.pth']


def test_permissions_are_those_of_any_new_file(tmp_path):
    save_checkpoint({}, tmp_path / 'a.pth')
    (tmp_path / 'other').write_text('')
    assert (tmp_path / 'a.pth').stat().st_mode == (tmp_path / 'other').stat().st_mode


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / 'a.pth'
    save_checkpoint(dict(epoch=1), path)
    with pytest.raises(Exception, match='pickle'):
        save_checkpoint(dict(epoch=2, weights=torch.ones(1000), bad=lambda: 0), path)
    assert load_state_dict_file(path) == dict(epoch=1)
    assert names(tmp_path) == ['a.pth']


def test_an_interrupt_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / 'a.pth'
    save_checkpoint(dict(epoch=1), path)

    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(writing.os, 'fsync', interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(dict(epoch=2), path)
    assert load_state_dict_file(path) == dict(epoch=1)
    assert names(tmp_path) == ['a.pth']


@posix
def test_full_disk(tmp_path):
    """A limit on the file size makes the system refuse bytes in the middle, as a full disk does."""
    path = tmp_path / 'a.pth'
    save_checkpoint(dict(epoch=1), path)
    code = (
        'import resource, signal, sys, torch\n'
        'from mmpose_dark.engine.checkpoint import CheckpointError, save_checkpoint\n'
        'signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n'
        'resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n'
        'try:\n'
        '    save_checkpoint(dict(epoch=2, a=torch.zeros(1_000_000)), sys.argv[1])\n'
        'except CheckpointError as err:\n'
        '    print(err)\n'
    )
    done = subprocess.run([sys.executable, '-c', code, str(path)], capture_output=True, text=True, check=True)
    assert f'{path}: could not be written' in done.stdout
    assert 'untouched' in done.stdout
    assert load_state_dict_file(path) == dict(epoch=1)
    assert names(tmp_path) == ['a.pth']


@posix
def test_kill_while_writing(tmp_path):
    """``kill -9`` at any moment leaves a whole checkpoint; the left-over goes with the next save."""
    path = tmp_path / 'a.pth'
    code = (
        'import itertools, sys, torch\n'
        'from mmpose_dark.engine.checkpoint import save_checkpoint\n'
        'weights = {f"layer{i}": torch.full((100_000,), 1.0) for i in range(40)}\n'
        'for n in itertools.count():\n'
        '    save_checkpoint(dict(n=n, weights=weights), sys.argv[1])\n'
        '    print(n, flush=True)\n'
    )
    left_over = False
    for attempt in range(3):
        process = subprocess.Popen([sys.executable, '-c', code, str(path)], stdout=subprocess.PIPE, text=True)
        seen = int(process.stdout.readline())
        deadline = time.monotonic() + 0.02 * attempt
        while time.monotonic() < deadline or (attempt > 0 and not list(tmp_path.glob('.*.tmp'))):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        back = load_state_dict_file(path)
        assert back['n'] >= seen
        assert all(w.eq(1).all() for w in back['weights'].values())
        assert list(tmp_path.glob('*.pth')) == [path]
        left_over = left_over or len(names(tmp_path)) > 1
    assert left_over
    save_checkpoint(dict(n=-1), path)
    assert names(tmp_path) == ['a.pth']


@posix
def test_temporary_files_of_living_processes_and_other_targets_stay(tmp_path):
    path = tmp_path / 'a.pth'
    host = writing.re.sub(r'\W', '_', writing.socket.gethostname())
    dead = subprocess.Popen([sys.executable, '-c', ''])
    dead.wait()
    mine, gone, other = f'.a.pth.{host}-{os.getpid()}-99.tmp', f'.a.pth.{host}-{dead.pid}-0.tmp', '.b.pth.x-1-0.tmp'
    for name in (mine, gone, other):
        (tmp_path / name).write_text('')
    save_checkpoint({}, path)
    assert names(tmp_path) == sorted([mine, other, 'a.pth'])


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(CheckpointError, match=r'a\.pth: could not be written'):
        save_checkpoint({}, tmp_path / 'file' / 'a.pth')


def test_home_and_strings(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('USERPROFILE', str(tmp_path))
    save_checkpoint({}, '~/a.pth')
    assert pathlib.Path(tmp_path / 'a.pth').is_file()
