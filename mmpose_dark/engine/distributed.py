"""Joining the process group, on GPUs (nccl) and on CPUs (gloo).

mmengine's own start calls ``torch.cuda.set_device`` always, which a CPU build of torch does not have.
"""

import atexit
import datetime
import os
import re
import socket

import torch
import torch.distributed

from ..utils.errors import InputError, StateError
from ..utils.timeouts import MEETING_SECONDS, MEETING_VARIABLE, seconds_of
from .one_start import MeetingError, name_of_start

__all__ = ['COLLECTIVE_TIMEOUT', 'first_host', 'init_distributed']

COLLECTIVE_TIMEOUT = 1800.0
"""Seconds that processes wait for each other, unless ``env_cfg.dist_cfg.timeout`` says otherwise."""

_RANK_VARIABLES = {
    'pytorch': ('RANK', 'LOCAL_RANK', 'WORLD_SIZE'),
    'slurm': ('SLURM_PROCID', 'SLURM_LOCALID', 'SLURM_NTASKS'),
    'mpi': ('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_LOCAL_RANK', 'OMPI_COMM_WORLD_SIZE'),
}


def init_distributed(
    launcher: str, device: torch.device, *, backend: str = 'nccl', timeout: float | None = None
) -> None:
    """Initialise ``torch.distributed`` from the variables that ``launcher`` sets.

    Args:
        launcher: 'pytorch' (torchrun), 'slurm' or 'mpi'.
        device: where the model will be; chooses the GPU of this process.
        backend: used on CUDA; other devices always use gloo.
        timeout: seconds that a collective may take; None for `COLLECTIVE_TIMEOUT`.

    Raises:
        ValueError: unknown launcher.
        RuntimeError: a variable that the launcher should have set is missing, or the processes did not meet.
    """
    if launcher not in _RANK_VARIABLES:
        raise InputError(f'unknown launcher {launcher!r}; use none, {", ".join(_RANK_VARIABLES)}')
    missing = [name for name in _RANK_VARIABLES[launcher] if name not in os.environ]
    if missing:
        raise StateError(
            f'launcher {launcher!r} needs {", ".join(missing)} in the environment; start the script through '
            'tools/dist_train.sh, tools/slurm_train.sh or mpirun'
        )
    for name, source in zip(_RANK_VARIABLES['pytorch'], _RANK_VARIABLES[launcher], strict=True):
        os.environ[name] = os.environ[source]
    job = os.environ.get('SLURM_JOB_ID', '') if launcher == 'slurm' else ''
    os.environ.setdefault('MASTER_PORT', str(15000 + int(job) % 15000 if job.isdigit() else 29500))
    if 'MASTER_ADDR' not in os.environ:
        os.environ['MASTER_ADDR'] = _first_slurm_host() if launcher == 'slurm' else '127.0.0.1'
    for name in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS'):  # what loader workers take, if the launcher did not say
        os.environ.setdefault(name, '1')
    if device.type == 'cuda':
        torch.cuda.set_device(int(os.environ['LOCAL_RANK']) % torch.cuda.device_count())
    limit = datetime.timedelta(seconds=COLLECTIVE_TIMEOUT if timeout is None else timeout)
    store, rank, world = _meet()
    torch.distributed.init_process_group(
        backend if device.type == 'cuda' else 'gloo', store=store, rank=rank, world_size=world, timeout=limit
    )
    atexit.register(_leave)  # its threads, left running, may abort the process when the interpreter ends


def _leave() -> None:
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _meet() -> tuple[torch.distributed.Store, int, int]:
    """Reach the other processes; return what they share, this one's rank and how many there are."""
    seconds = seconds_of(MEETING_VARIABLE, MEETING_SECONDS)
    try:
        store, rank, world = next(torch.distributed.rendezvous('env://', timeout=datetime.timedelta(seconds=seconds)))
        return torch.distributed.PrefixStore(name_of_start(store, rank, world, seconds), store), rank, world
    except (torch.distributed.DistError, MeetingError, ValueError) as err:
        names = ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT')
        settings = ', '.join(f'{name}={os.environ.get(name)}' for name in names)
        raise StateError(
            f'the processes did not meet within {seconds:g} s ({MEETING_VARIABLE}): process on '
            f'{socket.gethostname()} with {settings}: {str(err).splitlines()[0]}. Look whether all were started, and '
            'whether address and port are those of the first machine and open to the others'
        ) from err


def _first_slurm_host() -> str:
    for name in ('SLURM_STEP_NODELIST', 'SLURM_NODELIST', 'SLURM_JOB_NODELIST'):
        if os.environ.get(name):
            return first_host(os.environ[name])
    raise StateError("launcher 'slurm' needs SLURM_NODELIST or MASTER_ADDR in the environment")


def first_host(hosts: str) -> str:
    """Return the first host of a list as Slurm writes it, without asking ``scontrol``, which is not on all machines.

    Raises:
        InputError: it is no such list.

    >>> first_host('gpu[03-05,7],login1'), first_host('a-1,a-2'), first_host('rack[1-2]n[10,12]x')
    ('gpu03', 'a-1', 'rack1n10x')
    """
    name = re.match(r'(?:[^,\[\]]|\[[^\]]*\])+(?=,|$)', hosts)
    found = re.sub(r'\[(\w+)[^\]]*\]', r'\1', name[0]) if name else ''
    if not found or re.search(r'[\[\]\s]', found):
        raise InputError(f'SLURM_NODELIST={hosts!r}: no list of hosts, such as gpu[1-4]; set MASTER_ADDR')
    return found
