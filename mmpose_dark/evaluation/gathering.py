"""Joining what the processes of a test found: every sample counted once, the same values or the same error in all.

Each process holds the results of its own share, in the order it met them. The one rule of joining:

1. Results stand in the order of the ranks, and within a rank in the order they were made. The evaluation samplers give
   contiguous shares, so this is the dataset's order, however many samples a process had, none included.
2. A sample says which one it is: by ``dataset_name``, ``img_id`` and ``id``, or where it has no ids by ``dataset_name``
   and ``sample_idx``, its number in the dataset. Of a sample that came twice, as samplers repeat some to give all
   processes equally many, the first counts.
3. A sample that says neither cannot be recognised. It counts, each time it comes: nothing is cut by its place,
   because the place says which sample it is only if one knows how the sampler dealt. ``round_up=False``, which the
   loops set, lets none come twice; where more came than the dataset has, the log says so.
"""

import pickle
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from mmengine.dist import all_gather_object, broadcast_object_list, get_world_size, is_main_process

from ..utils.errors import StateError
from .sending import send_to_first

__all__ = [
    'each_once',
    'gather_and_compute',
    'gather_in_rank_order',
    'sample_identity',
    'sample_key',
]

T = TypeVar('T')


def sample_identity(samples: Sequence[Mapping[str, object]]) -> dict[str, list]:
    """Return what tells samples apart, as columns with one row a sample; empty if one of them does not say.

    >>> sample_identity([dict(id=3, img_id=7), dict(id=4, img_id=7)])
    {'dataset_name': ['', ''], 'img_id': [7, 7], 'id': [3, 4]}
    >>> sample_identity([dict(sample_idx=5, dataset_name='coco')])
    {'dataset_name': ['coco'], 'sample_idx': [5]}
    >>> sample_identity([dict(id=3, img_id=7), dict(img_path='a.jpg')])
    {}
    """
    for names in (('img_id', 'id'), ('sample_idx',)):
        try:
            columns = {name: [sample[name] for sample in samples] for name in names}
        except KeyError:
            continue
        return {'dataset_name': [sample.get('dataset_name', '') for sample in samples], **columns}
    return {}


def sample_key(sample: Mapping[str, object]) -> Hashable:
    """Return what tells a sample from all others, or None if it does not say.

    >>> sample_key(dict(id=3, img_id=7)) == sample_key(dict(id=3, img_id=7, img_path='a.jpg'))
    True
    >>> sample_key(dict(img_path='a.jpg'))
    """
    identity = sample_identity([sample])
    return tuple((name, column[0]) for name, column in identity.items()) or None


def each_once(keyed: Iterable[tuple[Hashable, T]]) -> list[T]:
    """Return the items whose key was not there before; those with the key None all stay.

    >>> each_once([(1, 'a'), (2, 'b'), (1, 'a again'), (None, 'c'), (None, 'd')])
    ['a', 'b', 'c', 'd']
    """
    seen: set[Hashable] = set()
    kept = []
    for key, item in keyed:
        if key is None or key not in seen:
            kept.append(item)
            seen.add(key)
    return kept


def gather_in_rank_order(items: list[T]) -> list[T]:
    """Return the lists of all processes joined by rank, in every process; for short lists.

    >>> gather_in_rank_order(['one', 'process'])
    ['one', 'process']
    """
    return [item for part in all_gather_object(items) for item in part]


def gather_and_compute(
    items: list[T],
    compute: Callable[[list[list[T]]], dict[str, float]],
    *,
    device: str = 'cpu',
) -> dict[str, float]:
    """Bring all items to the main process, compute there, and return the values in every process.

    An error in the main process is raised in all processes, so that none waits for ever.

    Args:
        items: of this process. The list is emptied, so that ``compute`` can let go of what it has joined.
        compute: makes the values of the lists of all processes, by rank; called in the main process. It may empty them.
        device: ``'cpu'`` sends the items through gloo, ``'gpu'`` through the devices.

    >>> gather_and_compute([1, 2], lambda parts: {'sum': sum(map(sum, parts))})
    {'sum': 3}
    """
    world = get_world_size()
    mine = list(items)
    items.clear()
    if world == 1:
        return compute([mine])
    values: dict[str, float] | None = None
    error: Exception | None = None
    try:
        parts = send_to_first(mine, device=device)
        del mine
        if parts is not None:
            broken = next((part for part in parts if isinstance(part, Exception)), None)
            if broken is not None:
                raise broken
            values = compute(parts)
    except Exception as err:
        if not is_main_process():
            raise
        error = _sendable(err)
    told = [values, error]
    broadcast_object_list(told)
    if told[1] is not None:
        raise told[1]
    return told[0]


def _sendable(err: Exception) -> Exception:
    """Return the error, or one that says the same where it cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(err))
    except Exception:  # whatever its class does when copied
        return StateError(f'{type(err).__name__} in the main process: {err}')
    return err
