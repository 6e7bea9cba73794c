"""The launcher: one status for all processes, one message, and nobody left behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from process_ends import all_end

from mmpose_dark.cli.launch import main, parse_args

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(os.name == 'nt', reason='signals')

PROGRAM = """
    import os, sys, time
    from mmpose_dark.cli.errors import user_errors
    from mmpose_dark.utils.errors import InputError
    rank, note = int(os.environ['RANK']), sys.argv[1]
    with user_errors('tool.py'):
        open(f'{note}.{rank}', 'w').write(str(os.getpid()))
        {body}
"""


@pytest.fixture
def launch(tmp_path):
    """Start ``body`` in processes: launch(body, 2, wait=True)."""

    def start(body, processes=2, *, wait=True, **environment):
        script = tmp_path / 'program.py'
        script.write_text(textwrap.dedent(PROGRAM).replace('{body}', body))
        command = [sys.executable, '-m', 'mmpose_dark.cli.launch', '--processes', str(processes), str(script)]
        command.append(str(tmp_path / 'pid'))
        env = {**os.environ, 'PYTHONPATH': str(ROOT), **environment}
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if not wait:
            return process
        _, errors = process.communicate(timeout=60)
        return process.returncode, errors

    return start


def pids(tmp_path, count=2):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = [p.read_text() for p in sorted(tmp_path.glob('pid.*'))]
        if len(found) == count and all(found):
            return [int(pid) for pid in found]
        time.sleep(0.05)
    raise TimeoutError


@pytest.mark.parametrize(
    ('body', 'status'),
    [
        ('sys.exit(0)', 0),
        ('sys.exit(3)', 3),
        ('sys.exit(3 if rank else 0)', 3),
        ('time.sleep(rank); sys.exit(0 if rank else 3)', 3),
        ('sys.exit(7 if rank else 0)', 7),
        pytest.param(
            'os.kill(os.getpid(), 9) if rank else time.sleep(60)', 137, marks=pytest.mark.slow
        ),  # 10 s of grace
    ],
)
def test_status(launch, body, status):
    started = time.monotonic()
    assert launch(body)[0] == status
    assert time.monotonic() - started < 30


def test_a_mistake_is_told_once(launch):
    status, errors = launch("raise InputError('a: bad')")
    assert (status, errors) == (2, 'tool.py: error: a: bad\n')


def test_what_one_process_finds_is_told_and_the_others_are_quiet(launch):
    """The other one loses its connection, say, and would show a traceback."""
    body = "raise InputError('b: bad') if rank else (time.sleep(0.5), 1 / 0)"
    assert launch(body) == (2, 'tool.py: error: b: bad\n')


@pytest.mark.slow
def test_a_fault_keeps_its_traceback(launch):
    status, errors = launch('1 / 0')
    assert status == 1
    assert 'ZeroDivisionError' in errors


def test_ctrl_c(launch, tmp_path):
    process = launch('time.sleep(60)', wait=False)
    ids = pids(tmp_path)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.strip() == 'interrupted'
    assert all_end(ids)


@pytest.mark.parametrize('kind', [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_killed_launcher_leaves_nobody(launch, tmp_path, kind):
    process = launch('time.sleep(60)', wait=False)
    ids = pids(tmp_path)
    process.send_signal(kind)
    process.communicate(timeout=30)
    assert process.returncode == (-9 if kind == signal.SIGKILL else 128 + kind)
    assert all_end(ids)


@pytest.mark.slow
def test_a_frozen_process_ends_all(launch, tmp_path):
    body = 'os.kill(os.getpid(), 19) if rank else time.sleep(60)'
    status, errors = launch(body, MMPOSE_DARK_HANG_TIMEOUT='4')
    assert status == 1
    assert 'process 1 (id ' in errors
    assert 'gave no sign of life for 4 s (MMPOSE_DARK_HANG_TIMEOUT)' in errors
    assert all_end(pids(tmp_path))


@pytest.mark.parametrize(
    'words', [['--processes', '0'], ['--processes', '2', '--nodes', '2'], ['--processes', '1', '--node-rank', '1']]
)
def test_settings_that_do_not_go_together(words, capsys):
    with pytest.raises(SystemExit) as ended:
        parse_args([*words, 'a.py'])
    assert ended.value.code == 2
    assert 'error: ' in capsys.readouterr().err


@pytest.mark.parametrize('variable', ['MMPOSE_DARK_HANG_TIMEOUT', 'MMPOSE_DARK_NODE_TIMEOUT'])
@pytest.mark.parametrize('value', ['soon', '-1', '1e3', '5s', '1.2.3'])
def test_seconds_that_are_none(variable, value, capsys, monkeypatch):
    monkeypatch.setenv(variable, value)
    assert main(['--processes', '1', 'a.py']) == 2
    told = capsys.readouterr().err
    assert told.startswith(f'launch: error: {variable}={value}: seconds are needed, a number from 0 on')
    assert told.count('\n') == 1
