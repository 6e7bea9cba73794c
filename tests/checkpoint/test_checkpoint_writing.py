"""Writing checkpoints: the last good one survives whatever happens."""

import contextlib
import itertools
import os
import pathlib
import signal
import time

import pytest
import torch

from mmpose_dark.checkpoint import CheckpointError, load_state_dict_file, save_checkpoint

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

    monkeypatch.setattr(os, 'fsync', interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(dict(epoch=2), path)
    assert load_state_dict_file(path) == dict(epoch=1)
    assert names(tmp_path) == ['a.pth']


def forked(work):
    """Run ``work`` in a child process that ends without running anything else; 0 is success."""
    child = os.fork()
    if not child:
        status = 1
        with contextlib.suppress(BaseException):
            work()
            status = 0
        os._exit(status)
    return child


@posix
@pytest.mark.filterwarnings('ignore:This process')
def test_full_disk(tmp_path):
    """A limit on the file size makes the system refuse bytes in the middle, as a full disk does."""
    import resource

    path, weights = tmp_path / 'a.pth', torch.zeros(1_000_000)
    save_checkpoint(dict(epoch=1), path)

    def save():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        with pytest.raises(CheckpointError, match=r'a\.pth: could not be written \(.*\); .* untouched'):
            save_checkpoint(dict(epoch=2, a=weights), path)

    assert os.waitpid(forked(save), 0)[1] == 0
    assert load_state_dict_file(path) == dict(epoch=1)
    assert names(tmp_path) == ['a.pth']


@posix
@pytest.mark.filterwarnings('ignore:This process')
def test_kill_while_writing(tmp_path):
    """``kill -9`` at any moment leaves a whole checkpoint; the left-over goes with the next save."""
    path = tmp_path / 'a.pth'
    weights = {f'layer{i}': torch.full((100_000,), 1.0) for i in range(40)}
    save_checkpoint(dict(n=0, weights=weights), path)

    def save_on_and_on():
        for n in itertools.count(load_state_dict_file(path)['n']):
            save_checkpoint(dict(n=n, weights=weights), path)

    left_overs, last = 0, 0
    for attempt in range(6):
        child = forked(save_on_and_on)
        time.sleep(0.05 * attempt)
        while attempt % 2 and not list(tmp_path.glob('.*.tmp')):
            pass
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        back = load_state_dict_file(path)
        assert back['n'] >= last
        assert all(w.eq(1).all() for w in back['weights'].values())
        assert list(tmp_path.glob('*.pth')) == [path]
        left_overs, last = left_overs + len(names(tmp_path)) - 1, back['n']
    assert left_overs
    save_checkpoint(dict(n=-1), path)
    assert names(tmp_path) == ['a.pth']


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(CheckpointError, match=r'a\.pth: could not be written'):
        save_checkpoint({}, tmp_path / 'file' / 'a.pth')


def test_home_and_strings(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('USERPROFILE', str(tmp_path))
    save_checkpoint({}, '~/a.pth')
    assert pathlib.Path(tmp_path / 'a.pth').is_file()
