"""The soak sees what grows, and does not cry where workers come and go."""

import importlib
import os
import pathlib
import subprocess
import sys
import threading

import pytest

pytestmark = pytest.mark.skipif(not pathlib.Path('/proc/self/fd').is_dir(), reason='/proc is Linux only')


@pytest.fixture
def soak(monkeypatch):
    monkeypatch.syspath_prepend(str(pathlib.Path(__file__).parents[2] / 'tools' / 'faults'))
    return importlib.import_module('soak')


def _looks(soak, memory=300, handles=9, threads=5):
    """Two minutes of looks; numbers, or functions of the time from 0 to 1."""
    times = [i / 239 for i in range(240)]
    return [soak.Look(*(value(t) if callable(value) else value for value in (memory, handles, threads))) for t in times]


def test_what_stays_is_flat(soak):
    coming_and_going = dict(
        memory=lambda t: 300 + 200 * (t * 30 % 1 > 0.5), threads=lambda t: 5 + 4 * (t * 20 % 1 > 0.5)
    )
    assert soak.judge(_looks(soak, **coming_and_going))['flat'] is True
    assert soak.judge(_looks(soak, memory=lambda t: min(300, 3000 * t)))['flat'] is True  # warm-up


@pytest.mark.parametrize(
    'growth',
    [
        dict(memory=lambda t: 300 + 150 * t),
        dict(handles=lambda t: 9 + int(40 * t)),
        dict(threads=lambda t: 5 + int(9 * t)),
    ],
)
def test_what_grows_is_seen(soak, growth):
    assert soak.judge(_looks(soak, **growth))['flat'] is False


def test_a_short_run_says_nothing(soak):
    assert soak.judge(_looks(soak)[:30])['flat'] is None


def test_it_looks_at_a_process_with_its_children(soak, tmp_path):
    before = soak.look_at(os.getpid())
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    child = subprocess.Popen([sys.executable, '-c', 'print(1, flush=True); input()'], stdin=-1, stdout=-1)
    with open(tmp_path / 'file', 'w'):
        child.stdout.readline()
        after = soak.look_at(os.getpid())
    done.set()
    thread.join()
    child.communicate(b'\n')
    assert after.threads >= before.threads + 2
    assert after.handles >= before.handles + 1 + 2 + 3  # the file, two ends of pipes, the child's own three
    assert after.memory > before.memory
    assert soak.look_at(child.pid) is None
