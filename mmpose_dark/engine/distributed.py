"""Joining the process group, on GPUs (nccl) and on CPUs (gloo).

mmengine's own start calls ``torch.cuda.set_device`` always, which a CPU build of torch does not have.
"""

import atexit
import datetime
import os
import subprocess

import torch
import torch.distributed

from ..utils.errors import InputError, StateError

__all__ = ['COLLECTIVE_TIMEOUT', 'init_distributed']

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
        RuntimeError: a variable that the launcher should have set is missing.
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
    os.environ.setdefault('MASTER_PORT', '29500')
    if 'MASTER_ADDR' not in os.environ:
        os.environ['MASTER_ADDR'] = _first_slurm_host() if launcher == 'slurm' else '127.0.0.1'
    for name in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS'):  # what loader workers take, if the launcher did not say
        os.environ.setdefault(name, '1')
    if device.type == 'cuda':
        torch.cuda.set_device(int(os.environ['LOCAL_RANK']) % torch.cuda.device_count())
    limit = datetime.timedelta(seconds=COLLECTIVE_TIMEOUT if timeout is None else timeout)
    torch.distributed.init_process_group(backend if device.type == 'cuda' else 'gloo', timeout=limit)
    atexit.register(_leave)  # its threads, left running, may abort the process when the interpreter ends


def _leave() -> None:
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _first_slurm_host() -> str:
    hosts = subprocess.run(
        ['scontrol', 'show', 'hostname', os.environ['SLURM_NODELIST']], capture_output=True, text=True, check=True
    )
    return hosts.stdout.split()[0]
