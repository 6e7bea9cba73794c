"""Trainings that are killed or run out of disk, in processes of their own."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers import test_helper
from outcome import ROOT, TOY, Outcome, digest

__all__ = ['disks_that_are_full', 'frozen', 'kills_of_one', 'kills_of_two']

_EPOCHS = 60
_PATIENCE = 6  # seconds
_OPTIONS = (
    f'train_cfg.max_epochs={_EPOCHS}', 'train_dataloader.num_workers=2', 'train_dataloader.persistent_workers=True',
    'default_hooks.logger.interval=1', 'param_scheduler.1.milestones=[20]',
)  # fmt: skip
_ENVIRONMENT = {
    **os.environ,
    'OMP_NUM_THREADS': '1',
    'PYTHONPATH': f'{ROOT}:{TOY.parent}',
    'PYTHONUNBUFFERED': '1',
    'PYTHON': sys.executable,
}


def _command(work_dir: Path, processes: int, *words: str) -> list[str]:
    start = [sys.executable, str(ROOT / 'tools/train.py'), str(TOY)]
    if processes > 1:
        start = [str(ROOT / 'tools/dist_train.sh'), str(TOY), str(processes)]
    return [*start, '--device', 'cpu', '--work-dir', str(work_dir), *words, '--cfg-options', *_OPTIONS]


def _run(command: list[str]) -> tuple[int, str]:
    done = subprocess.run(command, env=_ENVIRONMENT, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def _below(pid: int) -> list[int]:
    """Return all processes below one."""
    try:
        children = Path(f'/proc/{pid}/task/{pid}/children').read_text().split()
    except OSError:
        return []
    return [found for child in map(int, children) for found in (child, *_below(child))]


def _kill_somewhere(command: list[str], rng: random.Random, *, any_rank: bool) -> str:
    """Start a training, kill it at a random moment, and say what is wrong afterwards."""
    process = subprocess.Popen(
        command, env=_ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    for line in process.stdout:
        if 'Epoch(train)' in line:
            break
    time.sleep(rng.uniform(0, 3.0))
    below = _below(process.pid)
    ranks = [pid for pid in below if any_rank and _below(pid)]
    victim = rng.choice([process.pid, *ranks])
    os.kill(victim, signal.SIGKILL)
    process.stdout.close()
    process.wait(60)
    return _ended(below)


def _kills(tries: int, seed: int, folder: Path, processes: int) -> Outcome:
    what = 'a training' if processes == 1 else f'one of {processes} ranks or their launcher'
    found = Outcome(f'SIGKILL of {what}: its processes end, and resumed it ends with the same bits')
    rng, last = random.Random(seed), f'epoch_{_EPOCHS}.pth'
    status, output = _run(_command(folder / 'whole', processes))
    if status:
        raise RuntimeError(output)
    whole = digest(folder / 'whole' / last)
    for i in range(tries):
        work_dir = folder / f'cut_{i}'
        sharded = ['default_hooks.checkpoint.sharded=True'] if processes > 1 and i % 2 else []
        problem = _kill_somewhere([*_command(work_dir, processes), *sharded], rng, any_rank=processes > 1)
        status, output = _run([*_command(work_dir, processes, '--resume'), *sharded])
        if status:
            problem = problem or f'resuming ended with {status}: {output.strip().splitlines()[-1]}'
        elif digest(work_dir / last) != whole:
            problem = problem or 'other weights'
        elif [p for p in work_dir.rglob('.*') if p.is_file()] or (work_dir / 'training.lock').exists():
            problem = problem or 'files were left behind'
        elif any(len(list(parts.iterdir())) != processes for parts in work_dir.glob('*.parts')):
            problem = problem or 'parts were left behind'
        found.note(problem)
        shutil.rmtree(work_dir)
    return found


def kills_of_one(tries: int, seed: int, folder: Path) -> Outcome:
    """Kill a training with two loader workers."""
    return _kills(tries, seed, folder, 1)


def kills_of_two(tries: int, seed: int, folder: Path) -> Outcome:
    """Kill one of two ranks, or what started them; every second training writes its checkpoints in shards."""
    return _kills(tries, seed, folder, 2)


def frozen(tries: int, seed: int, folder: Path) -> Outcome:
    """Stop a rank or a loader worker for ever (SIGSTOP): the others give it up, name the limit, and nobody is left."""
    found = Outcome('a rank or a loader worker that freezes: all end in time, the limit is named, nobody is left')
    rng = random.Random(seed)
    for i in range(tries):
        ranks = rng.choice((1, 2))
        command = [*_command(folder / f'frozen_{i}', ranks), f'train_dataloader.timeout={_PATIENCE}']
        process = subprocess.Popen(
            command, env={**_ENVIRONMENT, 'MMPOSE_DARK_HANG_TIMEOUT': str(_PATIENCE)}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        for line in process.stdout:
            if 'Epoch(train)' in line:
                break
        below = _below(process.pid)
        workers = [pid for pid in below if not _below(pid)]
        victims = [('worker', pid) for pid in workers] + [('rank', pid) for pid in below if pid not in workers]
        what, victim = rng.choice(victims)
        os.kill(victim, signal.SIGSTOP)
        try:
            output, _ = process.communicate(timeout=_PATIENCE * 20)
            named = 'MMPOSE_DARK_HANG_TIMEOUT' in output or 'train_dataloader.timeout' in output
            problem = '' if process.returncode and named else f'status {process.returncode}: {output[-3000:]}'
        except subprocess.TimeoutExpired:
            process.kill()
            problem = f'still there after {_PATIENCE * 20} s'
        left = _ended(below)
        found.note((problem or left) and f'{what} of {ranks}: {problem or left}')
    return found


def _ended(below: list[int]) -> str:
    """Wait for processes to end; kill those that do not, and say how many they were."""
    ends = test_helper('process_ends')
    if ends.all_end(below, 10):
        return ''
    left = [pid for pid in below if ends.runs(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return f'{len(left)} processes were left behind' if left else ''


@contextmanager
def _small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={kilobytes}k', 'tmpfs', str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(['umount', '-l', str(folder)], check=True)


def disks_that_are_full(tries: int, seed: int, folder: Path) -> Outcome:
    """Train onto disks that become full at some moment, and test onto full ones with old files."""
    found = Outcome('full disk: one line with the reason, status 2, old files and the last checkpoint whole')
    if os.name != 'posix' or os.geteuid() != 0 or shutil.which('mount') is None:
        found.failures.append('left out: small disks need root')
        return found
    rng, disk = random.Random(seed), folder / 'disk'
    source = folder / 'weights'
    status, output = _run([*_command(source, 1)[:-5], 'train_cfg.max_epochs=1', 'train_dataloader.num_workers=0'])
    if status:
        raise RuntimeError(output)
    for i in range(tries):
        with _small_disk(disk, rng.randrange(20, 300, 4)):
            found.note(_train_onto(disk) if i % 2 else _test_onto(disk, next(source.glob('epoch_*.pth')), folder))
    return found


def _said(status: int, output: str) -> str:
    if 'Traceback' in output:
        return f'a traceback (status {status}): {output.strip().splitlines()[-1]}'
    if status not in (0, 2) or (status == 2 and 'No space left' not in output):
        return f'status {status}: {output.strip().splitlines()[-1]}'
    return ''


def _train_onto(disk: Path) -> str:
    status, output = _run(_command(disk, 1))
    problem = _said(status, output)
    for path in disk.rglob('*.pth'):
        digest(path)
    return problem or ('hidden files' if [p for p in disk.rglob('.*.tmp*') if p.is_file()] else '')


def _test_onto(disk: Path, checkpoint: Path, folder: Path) -> str:
    old = {disk / 'm.json': b'old', disk / 'p.pkl': b'old'}
    for path, content in old.items():
        path.write_bytes(content)
    free = shutil.disk_usage(disk).free
    (disk / 'filler').write_bytes(b'x' * max(free - 8192, 0))
    words = ['--out', str(disk / 'm.json'), '--dump', str(disk / 'p.pkl'), '--work-dir', str(folder / 'test')]
    options = ['--device', 'cpu', '--cfg-options', 'test_dataloader.dataset.size=900', 'custom_hooks=[]']
    status, output = _run([sys.executable, str(ROOT / 'tools/test.py'), str(TOY), str(checkpoint), *words, *options])
    problem = _said(status, output)
    changed = [path.name for path, content in old.items() if status and path.read_bytes() != content]
    return problem or (f'{changed} were changed' if 'p.pkl' in changed else '')
