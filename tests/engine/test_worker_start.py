"""A worker process that is forked into a held lock never runs: it is replaced, and no batch is lost."""

import multiprocessing
import os
import time

import pytest
import torch
from process_ends import runs
from torch.utils.data import DataLoader

from mmpose_dark.engine import worker_start
from mmpose_dark.engine.worker_start import worker_context
from mmpose_dark.utils.errors import StateError

pytestmark = pytest.mark.skipif(multiprocessing.get_start_method() != 'fork', reason='processes are not forked')


@pytest.fixture
def stuck(monkeypatch):
    """Let some of the next processes hang before they run a line; give their ids."""
    ids, hang = [], []
    fork = os.fork

    def forked():
        pid = fork()
        if hang and hang.pop(0):
            if pid == 0:
                time.sleep(600)
            ids.append(pid)
        return pid

    monkeypatch.setattr(os, 'fork', forked)
    monkeypatch.setattr(worker_start, 'SECONDS_TO_START', 1.0)  # for those that do start, on a busy machine
    return ids, hang


@pytest.mark.parametrize(
    ('which', 'persistent'),
    [
        ((0, 1), True),
        pytest.param((), True, marks=pytest.mark.slow),
        pytest.param((0, 1, 1, 0), False, marks=pytest.mark.slow),
        pytest.param((1, 0, 1), True, marks=pytest.mark.slow),
    ],
)
def test_every_batch_comes(stuck, which, persistent):
    ids, hang = stuck
    hang.extend(which)
    loader = DataLoader(
        range(12), 2, num_workers=2, persistent_workers=persistent, multiprocessing_context=worker_context()
    )
    torch.manual_seed(3)
    for _ in range(2):
        assert torch.cat(list(loader)).tolist() == list(range(12))
    drawn = torch.rand(1)
    torch.manual_seed(3)
    for _ in range(2):
        list(DataLoader(range(12), 2, num_workers=2, persistent_workers=False))
    assert persistent or torch.equal(drawn, torch.rand(1))  # no random number is drawn for those that are replaced
    assert len(ids) == sum(which)
    assert not any(map(runs, ids))


def test_none_starts(stuck, monkeypatch):
    monkeypatch.setattr(worker_start, 'SECONDS_TO_START', 0.3)
    ids, hang = stuck
    hang.extend([1] * 9)
    with pytest.raises(StateError, match=r'no worker process started within 0.3 s, tried 3 times'):
        iter(DataLoader(range(4), num_workers=1, multiprocessing_context=worker_context()))
    assert len(ids) == 3
    assert not any(map(runs, ids))
