"""A cluster of Ray: one of this machine for this run, or one that is there already; and whether it has room."""

import os
import subprocess
import sys
from collections.abc import Sequence
from types import ModuleType

from ...utils.errors import StateError
from .stages import Stage

__all__ = ['last_line', 'start_ray']

_SECONDS = 30  # for a cluster to answer
_CONNECT = 'import sys, ray; ray.init(address=sys.argv[1], log_to_driver=False)'


def start_ray(ray: ModuleType, stages: Sequence[Stage], address: str | None) -> None:
    """Start Ray on this machine, or connect to a cluster, and see that the stages have room there.

    Raises:
        StateError: it does not start, nobody answers at the address, or there are too few CPUs or GPUs for one worker
            a stage: Ray would wait for them without an end.
    """
    quiet = dict(logging_level='error', log_to_driver=False, configure_logging=True)
    if address is None:
        cpus = max(sum(stage.workers for stage in stages) + 1, os.cpu_count() or 1)
        try:
            ray.init(num_cpus=cpus, include_dashboard=False, **quiet)
        except (ConnectionError, RuntimeError, OSError) as err:
            raise StateError(f'Ray does not start on this machine: {last_line(err)}') from err
    else:
        _check_answers(address)
        ray.init(address=address, **quiet)
    machines = [node['Resources'] for node in ray.nodes() if node['Alive']]
    where = 'this machine' if address is None else f'the cluster at {address}'
    _check_room(stages, machines, where)
    note = _note_if_busy(stages, ray.available_resources(), where)
    if note:
        print(note, file=sys.stderr, flush=True)


def _check_room(stages: Sequence[Stage], machines: Sequence[dict[str, float]], where: str) -> None:
    """Stop where not even one worker of each stage has room.

    >>> _check_room([Stage('keypoints', int, gpus=0.5)], [{'CPU': 2.0}], 'this machine')
    Traceback (most recent call last):
        ...
    mmpose_dark.utils.errors.StateError: --gpus-per-worker 0.5: this machine has no GPU that Ray knows of; leave it ...
    """
    for stage in stages:
        largest = max((machine.get('GPU', 0) for machine in machines), default=0)
        if stage.gpus > largest:
            has = f'no machine with more than {largest:g} GPUs' if largest else 'no GPU that Ray knows of'
            raise StateError(f'--gpus-per-worker {stage.gpus:g}: {where} has {has}; leave it out, or give less')
    cpus = sum(machine.get('CPU', 0) for machine in machines)
    if cpus < len(stages):
        raise StateError(
            f'{where} has {cpus:g} CPUs, and {len(stages)} stages ({", ".join(stage.name for stage in stages)}) need '
            'one each: give it more, or give the boxes (--bboxes), which need no detector'
        )


def _note_if_busy(stages: Sequence[Stage], free: dict[str, float], where: str) -> str:
    """Return what a user should know where others use what the workers need; '' for nothing.

    >>> _note_if_busy([Stage('keypoints', int)], dict(CPU=0.0), 'the cluster')
    'note: of the cluster 0 CPUs and 0 GPUs are free: the work begins when 1 CPUs and 0 GPUs are'
    """
    cpus, gpus = len(stages), max(stage.gpus for stage in stages)
    if free.get('CPU', 0) >= cpus and free.get('GPU', 0) >= gpus:
        return ''
    return (
        f'note: of {where} {free.get("CPU", 0):g} CPUs and {free.get("GPU", 0):g} GPUs are free: the work begins when '
        f'{cpus} CPUs and {gpus:g} GPUs are'
    )


def last_line(err: BaseException) -> str:
    r"""Return the last line of what Ray says; the first ones are where it was raised.

    >>> last_line(RuntimeError('at\nthe disk is full.\n'))
    'the disk is full'
    """
    lines = [line.strip() for line in str(err).splitlines() if line.strip()]
    return lines[-1].rstrip('.') if lines else type(err).__name__


def _check_answers(address: str) -> None:
    """Stop after a time limit where no cluster answers: Ray itself tries for minutes, or ends its process."""
    remedy = 'give HOST:PORT of a Ray head, or leave it out to start Ray on this machine'
    try:
        subprocess.run([sys.executable, '-c', _CONNECT, address], check=True, capture_output=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired as err:
        raise StateError(f'--address {address}: no Ray cluster answers within {_SECONDS} s; {remedy}') from err
    except subprocess.CalledProcessError as err:
        said = last_line(RuntimeError(err.stderr.decode(errors='replace')))
        raise StateError(f'--address {address}: no Ray cluster there ({said}); {remedy}') from err
