"""A training that its launcher started again goes on from what it wrote itself, and from nothing else."""

import argparse
import os
import time

import pytest

from mmpose_dark.cli.launched import RESTARTED
from mmpose_dark.cli.train import go_on_if_restarted


@pytest.mark.parametrize(
    ('started', 'written', 'resumes'),
    [(None, 0, False), (-60, 0, True), (-60, -120, False), (-60, None, False)],
)
def test_when_it_goes_on(tmp_path, monkeypatch, started, written, resumes):
    now = time.time()
    monkeypatch.delenv(RESTARTED, raising=False)
    if started is not None:
        monkeypatch.setenv(RESTARTED, repr(now + started))
    if written is not None:
        (tmp_path / 'epoch_1.pth').touch()
        os.utime(tmp_path / 'epoch_1.pth', (now + written, now + written))
    args = argparse.Namespace(resume='other.pth', overwrite=True)
    go_on_if_restarted(args, str(tmp_path))
    assert (args.resume, args.overwrite) == (('auto', False) if resumes else ('other.pth', True))
