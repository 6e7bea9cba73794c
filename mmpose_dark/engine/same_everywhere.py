"""What all processes of a run must have in common, though they stand on different machines: config and start.

Each process reads the config, finds the checkpoint and imports the code on its own machine. Where these differ the
processes would train different networks and average them, without an error.
"""

import os
import socket
from collections.abc import Iterator, Mapping

import torch
from mmengine.dist import all_gather_object, get_rank

from ..utils.errors import InputError
from ..version import __version__

__all__ = ['check_same_config', 'common_start', 'differing_settings']

_OWN_AFFAIR = ('work_dir', 'load_from', 'resume', 'overwrite')  # `common_start` compares what they lead to
_SHOWN = 3


def check_same_config(cfg: Mapping[str, object]) -> None:
    """Compare config and versions over all processes.

    Raises:
        InputError: they differ, in all processes; the message names the setting and both values.
    """
    mine = {f'the version of {n}': v for n, v in (('torch', torch.__version__), ('mmpose_dark', __version__))}
    mine |= dict(_settings(cfg))
    found = all_gather_object((socket.gethostname(), mine))
    first_host, first = found[0]
    for rank, (host, other) in enumerate(found):
        different = differing_settings(first, other)
        if different:
            name = different[0]
            more = f' (and {len(different) - 1} more: {", ".join(different[1 : _SHOWN + 1])})' if different[1:] else ''
            raise InputError(
                f'{name} is {first.get(name, "not set")} for process 0 ({first_host}) but {other.get(name, "not set")} '
                f'for process {rank} ({host}){more}: all machines need the same config, options and versions'
            )


def differing_settings(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Return the names of settings that differ; places of files may, as machines keep them elsewhere.

    >>> differing_settings({'a.lr': '1', 'data': "'/mnt/a'"}, {'a.lr': '2', 'data': "'/data/a'"})
    ['a.lr']
    """
    names = [*one, *(name for name in other if name not in one)]
    return [n for n in names if one.get(n) != other.get(n) and not (_is_place(one.get(n)) and _is_place(other.get(n)))]


def _is_place(value: str | None) -> bool:
    return value is not None and ('/' in value or '\\' in value)


def _settings(cfg: Mapping[str, object], start: str = '') -> Iterator[tuple[str, str]]:
    for key, value in cfg.items():
        if not start and key in _OWN_AFFAIR:
            continue
        if isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
            value = {str(i): item for i, item in enumerate(value)}
        if isinstance(value, Mapping):
            yield from _settings(value, f'{start}{key}.')
        else:
            yield f'{start}{key}', repr(value)


def common_start(resume: bool, load_from: str | None, work_dir: str) -> tuple[bool, str | None]:
    """Return whether all resume, and from which file, as the first process says.

    Args:
        resume: whether this process would resume.
        load_from: the file that it would take.
        work_dir: where a file of the first process's is looked for under its name, if it is not at its place.

    Raises:
        InputError: a process does not see the file, or sees another one; the message names the machine.
    """
    said = all_gather_object((resume, load_from))
    resume, path = said[0]
    if path is None or '://' in path:
        return resume, path
    here = next((p for p in (path, os.path.join(work_dir, os.path.basename(path))) if os.path.isfile(p)), None)
    seen = all_gather_object((socket.gethostname(), None if here is None else os.path.getsize(here)))
    for rank, (host, size) in enumerate(seen):
        if size != seen[0][1]:
            what = 'is not there' if size is None else f'has {size} bytes instead of {seen[0][1]}'
            raise InputError(
                f'{path}: the file that process 0 ({seen[0][0]}) starts from {what} for process {rank} ({host}). Use a '
                'folder that all machines see (--work-dir), or copy the file to the same place on each'
            )
    return resume, here if get_rank() else path
