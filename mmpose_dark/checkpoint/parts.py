"""Checkpoints in parts: a small file that says what belongs together, and a folder with the large tensors beside it.

``epoch_3.pth`` of a sharded checkpoint has everything but the tensors, the smallest excepted. These stand in the files
of ``epoch_3.parts/``, each written by another process. The file ``epoch_3.pth`` names them and appears last, so the
checkpoint is complete when it is there. Each writing has names of its own (a tag), so writing ``epoch_3.pth`` again
leaves the parts of the old one alone until the new one is complete.

A part is a file of ``torch.save``, read and checked as any other. `load_state_dict_file` joins the parts.
"""

import contextlib
import os
import pathlib
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence

import torch

from ..utils.atomic_file import remove_left_over
from .errors import CheckpointError

__all__ = [
    'PARTS',
    'ROOTS',
    'join_parts',
    'large_tensors',
    'part_name',
    'parts_folder',
    'refuse_folder',
    'refuse_part',
    'remove_checkpoint',
    'remove_orphans',
    'remove_other_parts',
    'remove_unnamed_parts',
    'shares',
    'take_out',
]

PARTS = 'parts'
"""The key of the list of parts, in the file that has the rest."""

ROOTS = ('state_dict', 'ema_state_dict', 'optimizer')
"""What of a checkpoint has large tensors."""

_SUFFIX = '.parts'
_LARGE = 256
"""Bytes of the smallest tensor that goes into a part; counters and the like stay with the rest."""
_NAME = re.compile(r'[\w-]+-\d+-of-\d+\.pth')

Place = tuple[str | int, ...]
"""Where a tensor stands in a checkpoint: the keys from the outside to it."""


def parts_folder(path: str | os.PathLike) -> pathlib.Path:
    """Return the folder for the parts of a checkpoint.

    >>> parts_folder('work/epoch_3.pth').name
    'epoch_3.parts'
    """
    return pathlib.Path(path).expanduser().with_suffix(_SUFFIX)


def part_name(tag: str, number: int, count: int) -> str:
    """Return the name of a part.

    >>> part_name('1f3c', 0, 2)
    '1f3c-1-of-2.pth'
    """
    return f'{tag}-{number + 1}-of-{count}.pth'


def large_tensors(checkpoint: dict, left_out: Collection[str] = ()) -> Iterator[Place]:
    """Go over the places of all but the smallest tensors in the weights and the optimizer's state of a checkpoint.

    Args:
        checkpoint: dictionaries in dictionaries, with tensors.
        left_out: names of weights that are not wanted, also where they stand behind ``module.``.

    >>> list(large_tensors(dict(state_dict=dict(a=torch.zeros(64), b=torch.zeros(2)), meta={})))
    [('state_dict', 'a')]
    """
    for root in ROOTS:
        for place, tensor in _tensors(checkpoint.get(root), (root,)):
            name = place[-1].removeprefix('module.') if isinstance(place[-1], str) else None
            if tensor.nbytes >= _LARGE and (root == 'optimizer' or name not in left_out):
                yield place


def _tensors(value: object, place: Place) -> Iterator[tuple[Place, torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        yield place, value
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(key, str | int):
                yield from _tensors(item, (*place, key))


def shares(sizes: Sequence[int], count: int) -> list[list[int]]:
    """Deal things to ``count`` processes, about equally many bytes to each.

    Args:
        sizes: bytes of each thing.
        count: processes.

    Returns:
        For each process the numbers of its things, in their order; the same in every process.

    >>> shares([5, 1, 1, 3], 2)
    [[0], [1, 2, 3]]
    """
    bytes_of, dealt = [0] * count, [[] for _ in range(count)]
    for number in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        to = bytes_of.index(min(bytes_of))
        dealt[to].append(number)
        bytes_of[to] += sizes[number]
    return [sorted(numbers) for numbers in dealt]


def take_out(checkpoint: dict, places: Sequence[Place]) -> tuple[dict, list[torch.Tensor]]:
    """Return a checkpoint with None in the given places, and what stood there.

    Args:
        checkpoint: is left as it is; of the new one, only dictionaries on the way to a place are copies.
        places: see `large_tensors`.

    >>> take_out(dict(optimizer={0: torch.zeros(1)}, meta=1), [('optimizer', 0)])
    ({'optimizer': {0: None}, 'meta': 1}, [tensor([0.])])
    """
    rest, copied, taken = dict(checkpoint), {}, []
    for place in places:
        inner = rest
        for i, key in enumerate(place[:-1]):
            if place[: i + 1] not in copied:
                copied[place[: i + 1]] = inner[key] = type(inner[key])(inner[key])
            inner = inner[key]
        taken.append(inner[place[-1]])
        inner[place[-1]] = None
    return rest, taken


def join_parts(
    checkpoint: dict[str, object], path: pathlib.Path, read: Callable[[pathlib.Path], object]
) -> dict[str, object]:
    """Put the tensors of the parts back into a checkpoint that has a list of parts.

    Args:
        checkpoint: content of ``path``; it is changed. One without a list of parts is returned as it is.
        path: where it was read from.
        read: reads one file.

    Raises:
        CheckpointError: a part is missing, is not of this checkpoint, or cannot be read.
    """
    said = checkpoint.get(PARTS)
    if not isinstance(said, dict) or not {'tag', 'files', 'tensors'} <= said.keys():
        return checkpoint
    folder, files = parts_folder(path), said['files']
    if not isinstance(files, list) or not all(isinstance(name, str) and _NAME.fullmatch(name) for name in files):
        raise CheckpointError(f'{path}: its list of parts is damaged; use another checkpoint.')
    missing = [name for name in files if not (folder / name).is_file()]
    if missing:
        raise CheckpointError(
            f'{path}: is one file of a sharded checkpoint, and {len(missing)} of its {len(files)} parts are not there '
            f'({folder / missing[0]}). Keep the folder {folder.name} beside it. To pass a network on, make one file of '
            'it first, where all parts are: tools/misc/publish_model.py'
        )
    found = 0
    for name in files:
        part = read(folder / name)
        if not isinstance(part, dict) or part.get('tag') != said['tag'] or not isinstance(part.get('tensors'), list):
            raise CheckpointError(f'{folder / name}: is not the part that {path} names; use another checkpoint.')
        for entry in part['tensors']:
            _put_back(checkpoint, entry, folder / name)
            found += 1
    if found != said['tensors']:
        raise CheckpointError(f'{path}: its parts have {found} of {said["tensors"]} tensors; use another checkpoint.')
    del checkpoint[PARTS]
    return checkpoint


def _put_back(checkpoint: dict[str, object], entry: object, part: pathlib.Path) -> None:
    try:
        place, tensor = entry
        inner = checkpoint
        for key in place[:-1]:
            inner = inner[key]
        fits = isinstance(tensor, torch.Tensor) and isinstance(inner, dict) and inner.get(place[-1], 0) is None
    except (TypeError, ValueError, KeyError, IndexError, AttributeError):
        fits = False
    if not fits:
        raise CheckpointError(f'{part}: has a tensor that the checkpoint has no place for; use another checkpoint.')
    inner[place[-1]] = tensor


def refuse_part(content: dict[str, object], path: pathlib.Path) -> None:
    """Say which file to name instead, where somebody names a part.

    Raises:
        CheckpointError: the file is a part.
    """
    if 'part_of' in content and 'tag' in content:
        whole = path.parent.with_name(str(content['part_of']))
        raise CheckpointError(f'{path}: is a part of a sharded checkpoint. Name the file that joins them: {whole}')


def refuse_folder(folder: pathlib.Path) -> None:
    """Say which file to name instead, where somebody names the folder of parts.

    Raises:
        CheckpointError: the folder has the parts of a checkpoint.
    """
    whole = folder.with_suffix('.pth')
    if folder.suffix == _SUFFIX and whole.is_file():
        raise CheckpointError(
            f'{folder}: has the parts of a sharded checkpoint. Name the file that joins them: {whole}'
        )


def remove_checkpoint(path: str | os.PathLike) -> None:
    """Remove a checkpoint with its parts, if it is there.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pathlib.Path(folder, 'epoch_1.pth').touch()
    ...     pathlib.Path(folder, 'epoch_1.parts').mkdir()
    ...     remove_checkpoint(f'{folder}/epoch_1.pth')
    ...     os.listdir(folder)
    []
    """
    pathlib.Path(path).unlink(missing_ok=True)  # first: without it the parts are nothing
    shutil.rmtree(parts_folder(path), ignore_errors=True)


def remove_orphans(folder: str | os.PathLike) -> None:
    """Remove what killed processes left of checkpoints in parts: parts without their checkpoint, and drafts.

    Args:
        folder: of a run.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pathlib.Path(folder, 'epoch_1.parts').mkdir()
    ...     remove_orphans(folder)
    ...     os.listdir(folder)
    []
    """
    for parts in pathlib.Path(folder).glob(f'*{_SUFFIX}'):
        if not parts.is_dir():
            continue
        if parts.with_suffix('.pth').is_file():
            remove_left_over(parts)
        else:
            shutil.rmtree(parts, ignore_errors=True)


def remove_other_parts(path: str | os.PathLike, tag: str) -> None:
    """Remove the parts that former writings of a checkpoint left, after a new one is complete.

    Args:
        path: the checkpoint.
        tag: of the parts that stay.
    """
    _remove_parts(path, lambda name: not name.startswith(f'{tag}-'))


def remove_unnamed_parts(path: str | os.PathLike, tag: str) -> None:
    """Remove the parts of a writing that failed, unless the checkpoint names them all the same.

    Args:
        path: the checkpoint, which need not be there.
        tag: of the parts.
    """
    with contextlib.suppress(FileNotFoundError):
        if tag.encode() in pathlib.Path(path).read_bytes():
            return
    _remove_parts(path, lambda name: name.startswith(f'{tag}-'))


def _remove_parts(path: str | os.PathLike, which: Callable[[str], bool]) -> None:
    with contextlib.suppress(OSError):  # what cannot be removed now is removed with the checkpoint
        for part in parts_folder(path).iterdir():
            if not part.name.startswith('.') and which(part.name):
                part.unlink()
