"""Processes of one start find each other in a store that remembers those of a start before."""

import datetime
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch.distributed as dist

from mmpose_dark.engine.one_start import MeetingError, name_of_start


@pytest.fixture(params=['memory', 'torchrun'])
def store(request):
    """What stays over restarts."""
    if request.param == 'memory':
        return dist.HashStore()
    return dist.TCPStore('127.0.0.1', 0, is_master=True, timeout=datetime.timedelta(seconds=20))


def connections(store, world):
    return [store if isinstance(store, dist.HashStore) else store.clone() for _ in range(world)]


def start(store, world, waits=None, seconds=20.0):
    """Let ``world`` processes (threads) come after so many seconds each."""

    stores = connections(store, world)

    def come(rank):
        time.sleep((waits or {}).get(rank, 0))
        return name_of_start(stores[rank], rank, world, seconds)

    with ThreadPoolExecutor(world) as pool:
        return list(pool.map(come, range(world)))


@pytest.mark.parametrize('store', ['memory'], indirect=True)
@pytest.mark.parametrize('world', [1, 2, 5])
@pytest.mark.parametrize('late', [0, 1])
def test_all_have_one_name_and_each_start_another(store, world, late):
    names = [start(store, world, {late: 0.1}) for _ in range(3)]
    assert all(len(set(found)) == 1 for found in names)
    assert len({found[0] for found in names}) == 3


def test_other_numbers_of_processes(store):
    names = [start(store, world) for world in (4, 2, 3)]
    assert [len(set(found)) for found in names] == [1, 1, 1]
    assert len({found[0] for found in names}) == 3


def test_who_stopped_half_way_is_not_counted(store):
    """Two of three agree to the word that a lost process left, and are lost as well; all three come again."""
    store.set('start/2', 'of a start before')
    with ThreadPoolExecutor(2) as pool:
        stores = enumerate(connections(store, 2))
        lost = [pool.submit(name_of_start, own, rank, 3, 0.3) for rank, own in stores]
    assert all(isinstance(one.exception(), MeetingError) for one in lost)
    assert len(set(start(store, 3, {1: 0.1}))) == 1


@pytest.mark.parametrize(
    ('former', 'told'), [(False, 'without process 1'), (True, 'some of which came before a restart')]
)
def test_who_is_missing_is_said(store, former, told):
    if former:
        start(store, 2)
    with pytest.raises(MeetingError, match=f'process 0 waits for 2 processes, .*{told}'):
        name_of_start(store, 0, 2, 0.2)
