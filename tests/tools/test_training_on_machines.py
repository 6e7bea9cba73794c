"""Training and testing on two machines, in two launchers of this one or in two network namespaces.

The same weights as two processes of one machine, to the bit, also where a machine is lost in the middle.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from process_ends import kill_all

from mmpose_dark.checkpoint import load_state_dict_file

ROOT = Path(__file__).resolve().parents[2]
PATHS = f'{ROOT / "tests" / "engine"}:{ROOT / "tests" / "helpers"}'
CONFIG = f"""
_base_ = {str(ROOT / 'tests' / 'engine' / 'toy_config.py')!r}
custom_imports = dict(imports=['toy_parts', 'rank_parts'])
custom_hooks = [dict(type='SyncBuffersHook'), dict(type='LoseHook'), dict(type='SlowHook')]
default_hooks = dict(logger=dict(interval=1), checkpoint=dict(save_best=None))
val_cfg = val_dataloader = val_evaluator = None
"""
pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == 'nt', reason='signals')]


@pytest.fixture
def config(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text(CONFIG)
    return path


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(('', 0))
        return probe.getsockname()[1]


@pytest.fixture
def machine(run_tool, port):
    """Start a script as one of two machines: machine(0, 'dist_train.sh', config, 1, '--work-dir', folder)."""
    started = []

    def start(rank, tool, *words, prefix=(), cwd=None, **variables):
        usual = dict(NNODES='2', NODE_RANK=str(rank), MASTER_ADDR='127.0.0.1', PORT=str(port), PYTHONPATH=PATHS)
        waits = dict(MMPOSE_DARK_MEETING_TIMEOUT='200', MMPOSE_DARK_NODE_TIMEOUT='8')
        program = [sys.executable] if tool.endswith('.py') else ['bash']
        command = [*prefix, *program, str(ROOT / 'tools' / tool), *map(str, words)]
        command += ['--device', 'cpu']
        process = subprocess.Popen(
            command, env={**run_tool.env, **usual, **waits, **variables}, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True, cwd=cwd,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    kill_all(started)


def end_of(process, status=0, seconds=280):
    output, _ = process.communicate(timeout=seconds)
    assert process.returncode == status, output[-3000:]
    return output


def told(output):
    return [line for line in output.splitlines() if 'error: ' in line]


def assert_same_weights(one, other, name='epoch_3.pth'):
    a, b = (load_state_dict_file(folder / name)['state_dict'] for folder in (one, other))
    assert a.keys() == b.keys()
    assert all(torch.equal(a[key], b[key]) for key in a)


@pytest.fixture
def whole(run_tool, config, tmp_path):
    """The training by two processes of one machine."""
    run_tool('dist_train.sh', config, 2, '--work-dir', tmp_path / 'whole', '--device', 'cpu', PYTHONPATH=PATHS)
    return tmp_path / 'whole'


def test_two_machines_train_and_test_as_one(machine, run_tool, whole, config, tmp_path):
    words = ('dist_train.sh', config, 1, '--work-dir', tmp_path / 'two')
    for process in [machine(rank, *words) for rank in (0, 1)]:
        end_of(process)
    assert_same_weights(whole, tmp_path / 'two')
    weights = tmp_path / 'two' / 'epoch_3.pth'
    options = ('--work-dir', tmp_path / 'test', '--cfg-options', 'test_dataloader.batch_size=1')  # the same batches
    words = ('dist_test.sh', config, weights, 1, '--out', tmp_path / 'two.json', *options)
    for process in [machine(rank, *words) for rank in (0, 1)]:
        end_of(process)
    words = ('test.py', config, weights, '--device', 'cpu', '--out', tmp_path / 'one.json', *options)
    run_tool(*words, PYTHONPATH=PATHS)
    one, two = (json.loads((tmp_path / f'{name}.json').read_text()) for name in ('one', 'two'))
    assert one == two
    assert two['toy/count'] == 11


def test_folders_that_machines_do_not_share(machine, whole, config, tmp_path):
    """Only the first machine writes checkpoints; going on needs them on all, and says so."""
    folders = [tmp_path / 'here', tmp_path / 'there']
    for folder in folders:
        folder.mkdir()
    words = ('dist_train.sh', config, 1, '--work-dir', 'run')
    for process in [machine(rank, *words, cwd=folders[rank]) for rank in (0, 1)]:
        end_of(process)
    assert_same_weights(whole, folders[0] / 'run')
    assert not list(folders[1].rglob('*.pth'))
    folders[0] = folders[0].rename(tmp_path / 'moved')  # or the other one would see it by its whole path
    words += ('--resume', '--cfg-options', 'train_cfg.max_epochs=4')
    for process in [machine(rank, *words, cwd=folders[rank]) for rank in (0, 1)]:
        (line,) = told(end_of(process, status=2))
        assert 'run/epoch_3.pth: the file that process 0 ' in line
        assert 'is not there for process 1' in line
    shutil.copy(folders[0] / 'run' / 'epoch_3.pth', folders[1] / 'run')
    for process in [machine(rank, *words, cwd=folders[rank]) for rank in (0, 1)]:
        end_of(process)
    assert (folders[0] / 'run' / 'epoch_4.pth').is_file()
    assert not (folders[1] / 'run' / 'epoch_4.pth').exists()


def test_another_config_on_one_machine(machine, config, tmp_path):
    other = tmp_path / 'other.py'
    other.write_text(CONFIG + 'optim_wrapper = dict(optimizer=dict(lr=0.02))\n')
    both = [machine(r, 'dist_train.sh', (config, other)[r], 1, '--work-dir', tmp_path / 'run') for r in (0, 1)]
    for process in both:
        (line,) = told(end_of(process, status=2))
        assert 'optim_wrapper.optimizer.lr is 0.01 for process 0 (' in line
        assert 'but 0.02 for process 1 (' in line


@pytest.mark.parametrize('lost', [0, 1])
def test_a_lost_machine_that_comes_back(machine, whole, config, tmp_path, lost):
    words = ('dist_train.sh', config, 1, '--work-dir', tmp_path / 'cut')
    both = [machine(r, *words, MAX_RESTARTS='2', LOSE=f'{lost},5,machine') for r in (0, 1)]
    both[lost].communicate(timeout=200)
    assert both[lost].returncode == -signal.SIGKILL
    back = machine(lost, *words, MAX_RESTARTS='2')
    output = end_of(both[1 - lost])
    end_of(back)
    assert 'launch: restart 1 of 2' in output
    assert f'machine {lost} (' in told(output)[0]
    assert_same_weights(whole, tmp_path / 'cut')


def test_a_lost_process_of_one_machine(machine, whole, config, tmp_path):
    words = ('dist_train.sh', config, 2, '--work-dir', tmp_path / 'cut')
    output = end_of(machine(0, *words, NNODES='1', MAX_RESTARTS='1', LOSE='1,5,process'))
    assert 'process 1 was ended by signal 9 from outside' in output
    assert 'launch: restart 1 of 1' in output
    assert_same_weights(whole, tmp_path / 'cut')


def test_what_was_there_before_is_not_gone_on_with(machine, whole, config, tmp_path):
    """A process is lost before the first checkpoint: the training in the folder, to be overwritten, is another one."""
    shutil.copytree(whole, tmp_path / 'cut')
    options = ('--overwrite', '--cfg-options', 'optim_wrapper.optimizer.lr=0.02')
    words = ('dist_train.sh', config, 2, '--work-dir')
    end_of(machine(0, *words, tmp_path / 'cut', *options, NNODES='1', MAX_RESTARTS='1', LOSE='1,1,process'))
    end_of(machine(0, *words, tmp_path / 'other', *options, NNODES='1'))
    assert_same_weights(tmp_path / 'other', tmp_path / 'cut')


def test_a_lost_machine_ends_the_training(machine, config, tmp_path):
    words = ('dist_train.sh', config, 1, '--work-dir', tmp_path / 'run')
    both = [machine(rank, *words, LOSE='1,5,machine') for rank in (0, 1)]
    output = end_of(both[0], status=1)
    (line,) = told(output)
    assert 'machine 1 (' in line
    assert 'was lost: no sign of life for 8 s' in line
    assert line.strip().endswith(f'{ROOT}/tools/{words[0]} {config} 1 --work-dir {tmp_path}/run --device cpu --resume')
    assert 'Traceback' not in output


@pytest.mark.parametrize('restarts', [0, 1])
@pytest.mark.parametrize('late', [0, 1])
def test_torchrun(run_tool, whole, config, tmp_path, restarts, late):
    """Its store keeps the addresses of processes that were lost; who comes first after a restart must not take them."""
    folder = tmp_path / 'torchrun'
    command = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2']
    command += ['--max-restarts', str(restarts), str(ROOT / 'tools' / 'train.py'), str(config), '--launcher', 'pytorch']
    command += ['--device', 'cpu', '--work-dir', str(folder), '--resume']
    env = {**run_tool.env, 'PYTHONPATH': PATHS, 'LOSE': '1,5,process' if restarts else '-1,-1,'}
    env['LATE'] = f'{late},2'
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert_same_weights(whole, folder)


def test_processes_that_do_not_meet(run_tool, config, tmp_path):
    """One of two that torchrun, Slurm or somebody's script starts."""
    usual = dict(RANK='0', LOCAL_RANK='0', WORLD_SIZE='2', MASTER_ADDR='127.0.0.1', MASTER_PORT='0')
    words = ('--launcher', 'pytorch', '--device', 'cpu', '--work-dir', tmp_path)
    usual |= dict(MMPOSE_DARK_MEETING_TIMEOUT='4', PYTHONPATH=PATHS)
    output = run_tool('train.py', config, *words, status=2, **usual)
    (line,) = told(output)
    assert 'the processes did not meet within 4 s (MMPOSE_DARK_MEETING_TIMEOUT)' in line
    assert 'RANK=0, WORLD_SIZE=2, MASTER_ADDR=127.0.0.1' in line


def test_slurm_without_scontrol(whole, run_tool, config, tmp_path):
    """Slurm itself is replaced by a script that starts two tasks with Slurm's variables and nothing else."""
    (tmp_path / 'bin').mkdir()
    srun = tmp_path / 'bin' / 'srun'
    srun.write_text(
        '#!/bin/bash\nwhile [[ "$1" != */python* ]]; do shift; done\nunset MASTER_ADDR MASTER_PORT\n'
        'for i in 0 1; do SLURM_PROCID=$i SLURM_LOCALID=0 SLURM_NTASKS=2 SLURM_JOB_ID=$JOB '
        'SLURM_NODELIST="localhost,gone[2-3,7]" "$@" & done; wait -n && wait -n\n'
    )
    srun.chmod(0o755)
    usual = dict(GPUS='2', JOB=str(os.getpid()), PATH=f'{srun.parent}:{run_tool.env["PATH"]}', PYTHONPATH=PATHS)
    run_tool('slurm_train.sh', 'part', 'job', config, tmp_path / 'slurm', '--device', 'cpu', **usual)
    assert_same_weights(whole, tmp_path / 'slurm')
    weights = tmp_path / 'slurm' / 'epoch_3.pth'
    words = ('--device', 'cpu', '--out', tmp_path / 'slurm.json', '--work-dir', tmp_path / 'test')
    run_tool('slurm_test.sh', 'part', 'job', config, weights, *words, **usual)
    assert json.loads((tmp_path / 'slurm.json').read_text())['toy/count'] == 11


@pytest.fixture
def namespaces():
    """Two network namespaces with a cable between them: their names."""
    names = [f'mpd{os.getpid() % 10000}{end}' for end in 'ab']
    commands = [
        *(f'ip netns add {name}' for name in names),
        f'ip link add {names[0]} netns {names[0]} type veth peer name {names[1]} netns {names[1]}',
        *(f'ip -n {name} addr add 10.99.0.{i + 1}/24 dev {name}' for i, name in enumerate(names)),
        *(f'ip -n {name} link set {device} up' for name in names for device in (name, 'lo')),
    ]
    try:
        for command in commands:
            done = subprocess.run(command.split(), capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f'no network namespaces here: {command}: {done.stderr.strip()}')
        yield names
    except FileNotFoundError:
        pytest.skip('no network namespaces here: the command ip is not installed')
    finally:
        for name in names:
            if shutil.which('ip'):
                subprocess.run(['ip', 'netns', 'del', name], capture_output=True, check=False)


def test_machines_with_addresses_of_their_own(machine, namespaces, whole, config, tmp_path):
    words = ('dist_train.sh', config, 1, '--work-dir', tmp_path / 'two')
    for process in [
        machine(r, *words, prefix=('ip', 'netns', 'exec', namespaces[r]), MASTER_ADDR='10.99.0.1') for r in (0, 1)
    ]:
        end_of(process)
    assert_same_weights(whole, tmp_path / 'two')


def test_a_cut_network_ends_both_machines(machine, namespaces, config, tmp_path):
    words = ('dist_train.sh', config, 1, '--work-dir', tmp_path / 'two')
    both = [
        machine(r, *words, prefix=('ip', 'netns', 'exec', namespaces[r]), MASTER_ADDR='10.99.0.1', SLOW='1')
        for r in (0, 1)
    ]
    until = time.monotonic() + 120
    while not (tmp_path / 'two' / 'epoch_1.pth').exists() and time.monotonic() < until:
        time.sleep(0.1)
    cut = f'ip -n {namespaces[0]} link set {namespaces[0]} down'
    subprocess.run(cut.split(), check=True)
    started = time.monotonic()
    for rank, process in enumerate(both):
        (line,) = told(end_of(process, status=1))
        assert f'launch: error: machine {1 - rank} (' in line
        assert ' was lost: no ' in line
        assert '--resume' in line
    assert time.monotonic() - started < 90
    assert not subprocess.run(
        ['pgrep', '-f', str(tmp_path / 'two')], capture_output=True, text=True, check=False
    ).stdout  # fmt: skip
