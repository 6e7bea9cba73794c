"""Checkpoints that all processes write together: each its share of the large tensors, the first one all the rest.

After a step of the optimizer all processes hold the same weights and the same state of the optimizer, so any of them
can write any tensor. What a process has of its own (buffers such as the statistics of BatchNorm, which are averaged
only once an epoch) is written by the first, as without shares. The format is that of `checkpoint.parts`.
"""

import contextlib
import os
import pathlib
import secrets
import socket
import time
from collections.abc import Callable, Collection, Iterator

from mmengine.dist import all_gather_object, broadcast_object_list, get_rank, get_world_size, is_main_process

from ..checkpoint import CheckpointError, save_checkpoint
from ..checkpoint.parts import (
    PARTS,
    ROOTS,
    large_tensors,
    part_name,
    parts_folder,
    remove_other_parts,
    remove_unnamed_parts,
    shares,
    take_out,
)
from ..utils.errors import InputError
from .state import to_cpu

__all__ = ['check_folder_is_shared', 'save_sharded_checkpoint']

_PATIENCE = 20.0
"""Seconds until a file that another machine has written must be seen; network file systems look again after a while."""


def save_sharded_checkpoint(checkpoint: dict, path: str | os.PathLike, *, own: Collection[str]) -> None:
    """Write a checkpoint, each process its share; all processes must call it.

    Args:
        checkpoint: of this process, its tensors on any device; only those that this process writes are copied.
        path: the file that joins the parts. It holds the old checkpoint or all of the new one, never a mixture.
        own: names of weights that differ between processes; the first one's are written.

    Raises:
        CheckpointError: a process could not write its share, or the first one does not see it; raised in all
            processes. What was at ``path`` before is untouched.
    """
    path, count = pathlib.Path(path).expanduser(), get_world_size()
    places = list(large_tensors(checkpoint, own))
    rest, tensors = take_out(checkpoint, places)
    told = [secrets.token_hex(4)]
    broadcast_object_list(told)
    (tag,) = told
    numbers = shares([tensor.nbytes for tensor in tensors], count)[get_rank()]
    part = parts_folder(path) / part_name(tag, get_rank(), count)
    # An interrupt outside of the two blocks removes nothing: the first process may name the part by then.
    with _told_to_all(undo=part.unlink) as seen:
        mine = [(places[i], to_cpu(tensors[i])) for i in numbers]
        save_checkpoint(dict(part_of=path.name, tag=tag, tensors=mine), part)
        del mine
        seen.append((part.name, part.stat().st_size, len(numbers)))
    with _told_to_all(undo=lambda: remove_unnamed_parts(path, tag) if is_main_process() else None):
        if is_main_process():
            _wait_for_parts(part.parent, seen)
            said = dict(tag=tag, files=[name for name, _, _ in seen], tensors=len(places))
            on_cpu = {root: to_cpu(rest[root]) for root in ROOTS if root in rest}
            save_checkpoint({**rest, **on_cpu, PARTS: said}, path)
    if is_main_process():
        remove_other_parts(path, tag)


@contextlib.contextmanager
def _told_to_all(undo: Callable[[], object] = lambda: None) -> Iterator[list]:
    """Run the block in each process; an error of one is raised in all.

    Args:
        undo: called in each process after an error of one, when all know that none has gone on.

    Yields:
        An empty list. What the block appends to it is in it for all processes afterwards, in the order of ranks.
    """
    said: list = []
    error: Exception | None = None
    try:
        yield said
    except Exception as err:
        error = err
    found = all_gather_object((socket.gethostname(), None if error is None else str(error), said))
    failures = [(rank, host, message) for rank, (host, message, _) in enumerate(found) if message is not None]
    if failures:
        with contextlib.suppress(OSError):
            undo()
        rank, host, message = failures[0]
        raise error or CheckpointError(f'{message} (process {rank} on {host})')
    said[:] = [item for _, _, items in found for item in items]


def _wait_for_parts(folder: pathlib.Path, seen: list[tuple[str, int, int]]) -> None:
    end = time.monotonic() + _PATIENCE
    for rank, (name, size, _) in enumerate(seen):
        while (found := _size(folder / name)) != size:
            if time.monotonic() > end:
                what = 'is not there' if found is None else f'has {found} bytes instead of {size}'
                raise CheckpointError(
                    f'{folder / name}: the part that process {rank} wrote {what} for process 0. Sharded checkpoints '
                    'need a work folder that all machines see'
                )
            time.sleep(0.1)


def _size(path: pathlib.Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def check_folder_is_shared(folder: str | os.PathLike) -> None:
    """Make sure that all processes see the same folder, before anything is trained; all processes must call it.

    Raises:
        InputError: a process does not see what the first one has written there; raised in all processes.
    """
    told = [f'.seen-by-all-{secrets.token_hex(4)}']
    broadcast_object_list(told)
    probe = pathlib.Path(folder) / told[0]
    with _told_to_all():
        if is_main_process():
            probe.parent.mkdir(parents=True, exist_ok=True)
            probe.touch()
    end = time.monotonic() + _PATIENCE
    while not (there := probe.exists()) and time.monotonic() < end:
        time.sleep(0.1)
    found = all_gather_object((socket.gethostname(), there))
    if is_main_process():
        probe.unlink(missing_ok=True)
    for rank, (host, there) in enumerate(found):
        if not there:
            raise InputError(
                f'default_hooks.checkpoint.sharded: process {rank} ({host}) does not see the folder {folder} of '
                f'process 0 ({found[0][0]}). Use a work folder that all machines see, or leave sharded out'
            )
