"""Launchers of several machines, here on one: they meet, end together, say who is missing, and start again."""

import functools
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from process_ends import all_end, kill_all

from mmpose_dark.cli.launch import parse_args
from mmpose_dark.cli.rounds import Settings
from mmpose_dark.utils.errors import StateError

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(os.name == 'nt', reason='signals')

PROGRAM = """
    import os, sys, time
    from mmpose_dark.cli.errors import user_errors
    from mmpose_dark.utils.errors import InputError
    rank, note = int(os.environ['RANK']), sys.argv[1]
    again = float(os.environ.get('MMPOSE_DARK_RESTARTED', 0))
    with user_errors('tool.py'):
        with open(f'{note}.{rank}', 'a') as file:
            file.write(f"{os.getpid()} {os.environ['WORLD_SIZE']} {os.environ['MASTER_PORT']}\\n")
        {body}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(('', 0))
        return probe.getsockname()[1]


@pytest.fixture
def machine(tmp_path):
    """Start a launcher as one machine: machine(0, 'sys.exit(0)', nodes='2', port=...)."""
    started = []

    def start(rank, body, *words, nodes='2', port, processes=1, host='127.0.0.1', **variables):
        script = tmp_path / f'program_{len(started)}.py'
        script.write_text(textwrap.dedent(PROGRAM).replace('{body}', body))
        command = [sys.executable, '-m', 'mmpose_dark.cli.launch', '--processes', str(processes), '--nodes', nodes]
        command += ['--node-rank', str(rank), '--host', host, '--port', str(port), *words]
        command += [str(script), str(tmp_path / 'note')]
        waits = dict(MMPOSE_DARK_MEETING_TIMEOUT='120', MMPOSE_DARK_NODE_TIMEOUT='8')
        env = {**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1', **waits, **variables}
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    kill_all(started)


def end_of(process, seconds=240):
    out, errors = process.communicate(timeout=seconds)
    return process.returncode, out + errors


def noted(tmp_path, rank, count=1, seconds=120):
    """Wait until a process has begun ``count`` times; return what it noted each time."""
    path, until = tmp_path / f'note.{rank}', time.monotonic() + seconds
    while time.monotonic() < until:
        lines = path.read_text().splitlines() if path.exists() else []
        if len(lines) >= count:
            return [line.split() for line in lines]
        time.sleep(0.05)
    raise TimeoutError


def test_two_machines_are_one_run_and_have_one_status(machine, tmp_path):
    port = free_port()
    both = [machine(rank, 'sys.exit(3 if rank == 2 else 0)', port=port, processes=rank + 1) for rank in (0, 1)]
    assert [end_of(process)[0] for process in both] == [3, 3]
    found = [noted(tmp_path, rank)[0] for rank in range(3)]
    assert {world for _, world, _ in found} == {'3'}
    assert len({meeting for *_, meeting in found}) == 1


@pytest.mark.slow
def test_a_mistake_on_one_machine_ends_both_and_is_told_on_both(machine):
    port = free_port()
    body = "raise InputError('a: bad') if rank else time.sleep(600)"
    for process in [machine(rank, body, port=port) for rank in (0, 1)]:
        status, output = end_of(process)
        assert status == 2
        assert [line for line in output.splitlines() if 'error: ' in line] == ['tool.py: error: a: bad']


def test_settings_that_differ_are_named():
    one = Settings(0, 2, 2, 1, 'a', 1, 0, 'first', {'the version of torch': '2.5'})
    Settings(1, 2, 2, 4, 'a', 1, 0, 'other', {'the version of torch': '2.5'}).check_against(vars(one))
    for other, told in [
        (Settings(1, 3, 3, 1, 'a', 1, 0, 'other', {'the version of torch': '2.5'}), 'NNODES is 3 on this machine '),
        (Settings(1, 1, 2, 1, 'a', 1, 0, 'other', {'the version of torch': '2.5'}), 'NNODES is 1:2 on this machine '),
        (Settings(1, 2, 2, 1, 'a', 1, 4, 'other', {'the version of torch': '2.5'}), 'MAX_RESTARTS is 4 '),
        (Settings(1, 2, 2, 1, 'a', 1, 0, 'other', {'the version of torch': '2.6'}), 'the version of torch is 2.6 '),
    ]:
        with pytest.raises(StateError, match=told):
            other.check_against(vars(one))


@pytest.mark.parametrize(
    ('words', 'told'),
    [
        (['--nodes', '0'], "'0' (NNODES) is no number"),
        (['--nodes', '3:2'], "'3:2' (NNODES) is no number"),
        (['--nodes', '2'], '(PORT) is needed'),
        (['--nodes', '2', '--port', '70000'], '70000 (PORT)'),
        (['--nodes', '2', '--port', '7', '--node-rank', '2'], '2 (NODE_RANK): there are 2 machines (NNODES)'),
        (['--max-restarts', '-1'], '(MAX_RESTARTS)'),
    ],
)
def test_settings_that_cannot_be(words, told, capsys):
    with pytest.raises(SystemExit) as ended:
        parse_args(['--processes', '1', *words, 'a.py'])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ('ranks', 'nodes', 'options', 'told'),
    [
        ((0,), '2', {}, ['1 of 2 machines are here, NODE_RANK 1 not yet after 6 s (MMPOSE_DARK_MEETING_TIMEOUT)']),
        ((1,), '2', {}, ['the first machine does not answer at 127.0.0.1:', 'MASTER_ADDR and PORT', 'NODE_RANK=0']),
        ((0, 0), '2', {}, ['another run has it, or two launchers have NODE_RANK=0']),
        ((0,), '2', dict(host='192.0.2.1'), ['MASTER_ADDR=192.0.2.1 is no address of this machine']),
        ((0,), '2', dict(host='no.such.host.invalid'), ['MASTER_ADDR=no.such.host.invalid: this name is not known']),
        ((1,), '2', dict(host='192.0.2.1'), ['the first machine does not answer at 192.0.2.1:']),
    ],
)
def test_machines_that_do_not_meet(machine, ranks, nodes, options, told):
    port = free_port()
    wait = dict(MMPOSE_DARK_MEETING_TIMEOUT='6')
    found = [end_of(p) for p in [machine(r, 'pass', nodes=nodes, port=port, **options, **wait) for r in ranks]]
    assert {status for status, _ in found} == {2}
    output = ''.join(text for _, text in found)
    assert 'Traceback' not in output
    for part in told:
        assert part in output


@pytest.mark.slow
def test_another_number_of_machines_on_one(machine):
    port = free_port()
    first = machine(0, 'pass', port=port, MMPOSE_DARK_MEETING_TIMEOUT='20')
    status, output = end_of(machine(1, 'pass', nodes='3', port=port))
    assert status == 2
    assert 'NNODES is 3 on this machine (NODE_RANK=1' in output
    assert 'but 2 on the first one' in output
    assert end_of(first)[0] == 2


@pytest.mark.slow
def test_two_machines_of_one_rank_while_others_are_waited_for(machine):
    port = free_port()
    machine(0, 'pass', nodes='3', port=port)
    machine(1, 'pass', nodes='3', port=port)
    time.sleep(20)
    status, output = end_of(machine(1, 'pass', nodes='3', port=port))
    assert status == 2
    assert 'NODE_RANK=1 is taken by ' in output
    assert 'give each machine a number of its own, 0 to 2' in output


@pytest.mark.slow
def test_what_answers_is_no_launcher(machine):
    with socket.socket() as other:
        other.bind(('', 0))
        other.listen()
        port = other.getsockname()[1]
        status, output = end_of(machine(1, 'pass', port=port, MMPOSE_DARK_MEETING_TIMEOUT='60'))
    assert status == 2
    assert f'PORT={port}: what answers at 127.0.0.1 is no launcher' in output
    assert 'Traceback' not in output


@pytest.mark.slow
@pytest.mark.parametrize('lost', [0, 1])
def test_a_lost_machine_ends_the_other(machine, tmp_path, lost):
    """SIGKILL of the whole launcher; its processes go with it."""
    port = free_port()
    words = ('--again', 'dist.sh config.py 1', '--go-on-with=--resume')
    both = [machine(rank, 'time.sleep(600)', *words, port=port) for rank in (0, 1)]
    pids = [int(noted(tmp_path, rank)[0][0]) for rank in (0, 1)]
    both[lost].send_signal(signal.SIGKILL)
    started = time.monotonic()
    status, output = end_of(both[1 - lost])
    assert time.monotonic() - started < 60
    assert status == 1
    (line,) = [line for line in output.splitlines() if 'error: ' in line]
    assert f'launch: error: machine {lost} (' in line
    assert ' was lost: ' in line
    assert line.endswith('with: dist.sh config.py 1 --resume')
    assert all_end(pids, 30)


@pytest.mark.slow
@pytest.mark.parametrize('kind', [signal.SIGKILL, signal.SIGSEGV])
def test_a_lost_process_ends_both_machines(machine, tmp_path, kind):
    port = free_port()
    both = [machine(rank, 'time.sleep(600)', port=port, processes=2) for rank in (0, 1)]
    pids = [int(noted(tmp_path, rank)[0][0]) for rank in range(4)]
    os.kill(pids[3], kind)
    for process in both:
        status, output = end_of(process)
        assert status == 128 + kind
        assert 'launch: error: process 3 on machine 1 (' in output
        assert f'was ended by signal {int(kind)} from outside' in output
    assert all_end(pids, 30)


@pytest.mark.slow
def test_ctrl_c_on_one_machine_ends_both(machine, tmp_path):
    port = free_port()
    both = [machine(rank, 'time.sleep(600)', '--max-restarts', '3', port=port) for rank in (0, 1)]
    pids = [int(noted(tmp_path, rank)[0][0]) for rank in (0, 1)]
    both[1].send_signal(signal.SIGINT)
    found = [end_of(process) for process in both]
    assert [status for status, _ in found] == [130, 130]
    assert 'machine 1 (' in found[0][1]
    assert found[1][1].strip().splitlines()[-1] == 'interrupted'
    assert 'error' not in found[1][1]
    assert all_end(pids, 30)


@pytest.mark.slow
def test_a_lost_process_is_started_again_on_all_machines(machine, tmp_path):
    port = free_port()
    both = [machine(r, 'time.sleep(0 if again else 600)', '--max-restarts', '2', port=port) for r in (0, 1)]
    pids = [int(noted(tmp_path, rank)[0][0]) for rank in (0, 1)]
    os.kill(pids[1], signal.SIGKILL)
    found = [end_of(process) for process in both]
    assert [status for status, _ in found] == [0, 0]
    assert all('launch: restart 1 of 2' in output for _, output in found)
    assert [len(noted(tmp_path, rank, 2)) for rank in (0, 1)] == [2, 2]


@pytest.mark.slow
@pytest.mark.parametrize('lost', [0, 1])
def test_a_machine_that_comes_back_is_taken_in(machine, tmp_path, lost):
    port, words = free_port(), ('--max-restarts', '2')
    body = 'time.sleep(0 if again else 600)'
    both = [machine(rank, body, *words, port=port) for rank in (0, 1)]
    for rank in (0, 1):
        noted(tmp_path, rank)
    both[lost].send_signal(signal.SIGKILL)
    back = machine(lost, body, *words, port=port)
    assert end_of(back)[0] == 0
    status, output = end_of(both[1 - lost])
    assert status == 0
    assert f'machine {lost} (' in output
    assert 'launch: restart 1 of 2' in output


def one_that_lost_the_other(start, tmp_path):
    """Start two machines, ``start(rank)``, of which one will do; kill the second when both run, return the first."""
    both = [start(rank) for rank in (0, 1)]
    for rank in (0, 1):
        noted(tmp_path, rank)
    both[1].send_signal(signal.SIGKILL)
    return both[0]


@pytest.mark.slow
def test_fewer_machines_will_do(machine, tmp_path):
    words = ('time.sleep(0 if again else 600)', '--max-restarts', '1')
    start = functools.partial(machine, nodes='1:2', port=free_port())
    first = one_that_lost_the_other(lambda rank: start(rank, *words), tmp_path)
    assert end_of(first)[0] == 0
    assert [world for _, world, _ in noted(tmp_path, 0, 2)] == ['2', '1']


@pytest.mark.slow
def test_a_machine_that_comes_while_fewer_run_is_taken_in_at_the_next_restart(machine, tmp_path):
    words = ('time.sleep(0 if again and os.environ["WORLD_SIZE"] == "2" else 600)', '--max-restarts', '2')
    start = functools.partial(machine, nodes='1:2', port=free_port())
    first = one_that_lost_the_other(lambda rank: start(rank, *words), tmp_path)
    alone = noted(tmp_path, 0, 2)[1]
    assert alone[1] == '1'
    back = start(1, *words)
    time.sleep(5)
    assert back.poll() is None  # it waits, and the others are not disturbed
    assert len(noted(tmp_path, 0, 2)) == 2
    os.kill(int(alone[0]), signal.SIGKILL)
    assert [end_of(process)[0] for process in (first, back)] == [0, 0]
    assert [world for _, world, _ in noted(tmp_path, 0, 3)] == ['2', '1', '2']


@pytest.mark.slow
def test_restarts_come_to_an_end(machine, tmp_path):
    port = free_port()
    both = [machine(r, 'os.kill(os.getpid(), 9)', '--max-restarts', '1', port=port) for r in (0, 1)]
    assert [end_of(process)[0] for process in both] == [137, 137]
    assert [len(noted(tmp_path, rank)) for rank in (0, 1)] == [2, 2]
