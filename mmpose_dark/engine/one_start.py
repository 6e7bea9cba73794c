"""Telling the processes of this start from those of a start before, in a store that outlives both.

torchrun restarts processes that were lost, and its store keeps what the lost ones wrote (pytorch/pytorch#135712): a new
process reads the address of a dead one and waits for it, half an hour with torch's defaults. The count of restarts that
torchrun hands to the processes is no help, as each machine counts its own. So the processes agree on a name that none
of them knew before.
"""

import hashlib
import secrets
import time

import torch.distributed

from ..utils.errors import StateError

__all__ = ['MeetingError', 'name_of_start']

_LOOK_EVERY = 0.02
"""Seconds, for up to 32 processes; longer for more, as one store answers them all."""


class MeetingError(StateError):
    """Processes of this start did not come."""


def name_of_start(store: torch.distributed.Store, rank: int, world: int, seconds: float) -> str:
    """Return a name that the processes of this start have in common, and no others.

    Each process leaves a random word. The first reads all words out; who hears its own agrees. When all have agreed to
    the same words, all were there when they were read out. A word that a lost process left is replaced by the process
    that came for it, and the first then reads out anew.

    Args:
        store: what they share; it may hold anything of former starts.
        rank: number of this process.
        world: how many there are.
        seconds: until all must be there.

    Raises:
        MeetingError: they were not; it says which ones did not come.

    >>> name_of_start(torch.distributed.HashStore(), 0, 1, 5) != name_of_start(torch.distributed.HashStore(), 0, 1, 5)
    True
    """
    mine = secrets.token_hex(8)
    store.set(f'start/{rank}', mine)
    words = [f'start/{i}' for i in range(world)]
    agreed, end = '', time.monotonic() + seconds
    while time.monotonic() < end:
        if rank == 0 and store.check(words):
            store.set('start/words', b','.join(store.get(word) for word in words))
        if store.check(['start/words']):
            said = store.get('start/words')
            heard = said.decode().split(',')
            if len(heard) == world and heard[rank] == mine:
                name = hashlib.sha256(said).hexdigest()[:16]
                count = store.add(f'start/{name}', int(name != agreed))
                agreed = name
                if count == world:
                    return name
        time.sleep(_LOOK_EVERY * max(1.0, world / 32))
    missing = [i for i, word in enumerate(words) if not store.check([word])]
    who = (
        f'without process {", ".join(map(str, missing))}'
        if missing
        else 'some of which came before a restart and not again'
    )
    raise MeetingError(f'process {rank} waits for {world} processes, {who}')
