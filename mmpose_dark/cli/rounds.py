"""One round of several machines: who is what in it, signs of life, the first failure, and the common end."""

import json
import threading
import time
from dataclasses import dataclass

from ..utils.errors import StateError
from .status import INTERRUPTED, USER_ERROR

__all__ = ['Failure', 'Place', 'Round', 'Settings']

_BEAT = 0.5  # seconds
_LEAVE = 10.0  # that the first machine waits for the others to have read the end


@dataclass(frozen=True)
class Settings:
    """What a launcher was started with.

    Args:
        rank: number of this machine, NODE_RANK.
        least: machines that must be there.
        most: machines that there are at most.
        processes: on this machine.
        host: address of the first machine.
        port: of the first machine.
        max_restarts: how often all are started again.
        name: host name and process id, for messages.
        versions: what must be the same everywhere, by name.
    """

    rank: int
    least: int
    most: int
    processes: int
    host: str
    port: int
    max_restarts: int
    name: str
    versions: dict[str, str]

    def check_against(self, first: dict) -> None:
        """Refuse settings that do not fit to those of the first machine.

        Raises:
            StateError: the message names the variable and both values.
        """
        mine, others = self._compared(vars(self)), self._compared(first)
        for name, value in mine.items():
            if others.get(name) != value:
                raise StateError(
                    f'{name} is {value} on this machine (NODE_RANK={self.rank}, {self.name}) but {others.get(name)} on '
                    f'the first one ({first["name"]}); it must be the same on all'
                )

    @staticmethod
    def _compared(settings: dict) -> dict[str, str]:
        least, most = settings['least'], settings['most']
        nodes = str(most) if least == most else f'{least}:{most}'
        return dict(NNODES=nodes, MAX_RESTARTS=str(settings['max_restarts']), **settings['versions'])


@dataclass(frozen=True)
class Place:
    """What a machine is in a round.

    Args:
        round: name of the round.
        rank: number of the machine.
        names: of all machines, by their number.
        first: rank of this machine's first process.
        world: processes on all machines.
        port: at which the processes meet, on the first machine.
        restarts: rounds that were lost before.
        started: time at which the first round began.
    """

    round: str
    rank: int
    names: dict[int, str]
    first: int
    world: int
    port: int
    restarts: int
    started: float

    @classmethod
    def of(cls, name: str, rank: int, start: dict) -> 'Place':
        """Read what the first machine decided.

        >>> nodes = {'0': dict(processes=2, name='a'), '2': dict(processes=1, name='c')}
        >>> place = Place.of('r', 2, dict(nodes=nodes, port=1, restarts=0, started=0.0))
        >>> place.first, place.world, place.names
        (2, 3, {0: 'a', 2: 'c'})
        """
        nodes = {int(number): node for number, node in start['nodes'].items()}
        if rank not in nodes:
            raise StateError(f'the others began without this machine (NODE_RANK={rank}); start it again')
        return cls(
            round=name,
            rank=rank,
            names={number: node['name'] for number, node in nodes.items()},
            first=sum(node['processes'] for number, node in nodes.items() if number < rank),
            world=sum(node['processes'] for node in nodes.values()),
            port=start['port'],
            restarts=start['restarts'],
            started=start['started'],
        )


@dataclass(frozen=True)
class Failure:
    """Why a round ended.

    Args:
        status: that the launchers end with.
        text: the line for the user.
        machine: number of the one that failed.
    """

    status: int
    text: str
    machine: int

    @property
    def is_final(self) -> bool:
        """Whether starting again would be of no use: a mistake of the user, or his wish."""
        return self.status in (USER_ERROR, INTERRUPTED)

    def tell(self, store: object, name: str) -> None:
        """Make it known, if it is the round's first."""
        store.compare_set(f'{name}/failed', '', json.dumps(vars(self)))


class Round:
    """A round that runs: a thread gives signs of life and asks for news, and is the only one to use the store.

    Args:
        store: of the first machine.
        place: of this machine.
        silence: seconds without a sign of life after which a machine counts as lost.
    """

    def __init__(self, store: object, place: Place, silence: float) -> None:
        self._store, self.place, self._silence = store, place, silence
        self._answered = time.monotonic()
        self._found: Failure | None = None
        self._mine: Failure | None = None
        self._ended: int | None = None
        self._statuses: dict[int, int] = {}
        self._left = 0
        self._seen: dict[int, tuple[int, float]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name='machines')
        self._thread.start()

    def failure(self) -> Failure | None:
        """Return the first failure on any machine."""
        if self._found is None and time.monotonic() > self._answered + self._silence and self._thread.is_alive():
            self._found = self._lost(0, f'no answer for {self._silence:g} s')
        return self._found

    def tell(self, failure: Failure) -> Failure:
        """Make a failure on this machine known, and return the round's first."""
        self._mine = failure
        until = time.monotonic() + 5
        while self.failure() is None and time.monotonic() < until:
            time.sleep(0.05)
        return self._found or self._mine

    def finish(self, status: int) -> int | Failure:
        """Wait until all machines have ended; return the common status, or what went wrong on another one."""
        self._ended = status
        while self.failure() is None and len(self._statuses) < len(self.place.names):
            time.sleep(0.05)
        return self._found or max(self._statuses.values())

    def leave(self, *, close: bool) -> None:
        """End the signs of life.

        Args:
            close: the store will end; the first machine waits until the others have read how the round ended.
        """
        until = time.monotonic() + _LEAVE
        gone = self._found is not None and self._found.machine != 0
        expected = len(self.place.names) - 1 - gone  # the one that failed may be lost
        while close and self.place.rank == 0 and self._left < expected and time.monotonic() < until:
            time.sleep(0.05)
        self._stop.set()
        self._thread.join(2.0)

    # --- in the thread ---------------------------------------------------------------------------

    def _watch(self) -> None:
        leaving = False
        try:
            while not leaving:
                leaving = self._stop.wait(_BEAT)
                self._beat()
                self._answered = time.monotonic()
        except RuntimeError as err:  # the connection is gone
            if self._found is None:
                self._found = self._lost(0, str(err).splitlines()[0] if self.place.rank == 0 else 'connection closed')

    def _beat(self) -> None:
        store, name, rank = self._store, self.place.round, self.place.rank
        store.add(f'{name}/alive/{rank}', 1)
        if self._mine is not None:
            self._mine.tell(store, name)
        if self._ended is not None:
            store.set(f'{name}/ended/{rank}', str(self._ended))
        if rank == 0:
            self._look_for_the_lost()
            self._left = sum(store.check([f'{name}/left/{other}']) for other in self.place.names if other)
        if self._found is None and store.check([f'{name}/failed']):
            self._found = Failure(**json.loads(store.get(f'{name}/failed')))
        for other in self.place.names:
            if self._ended is not None and other not in self._statuses and store.check([f'{name}/ended/{other}']):
                self._statuses[other] = int(store.get(f'{name}/ended/{other}'))
        if self._found is not None or len(self._statuses) == len(self.place.names):
            store.set(f'{name}/left/{rank}', '1')

    def _look_for_the_lost(self) -> None:
        now = time.monotonic()
        for other in self.place.names:
            count = self._store.add(f'{self.place.round}/alive/{other}', 0)
            if self._seen.get(other, (-1, now))[0] != count:
                self._seen[other] = count, now
            elif now > self._seen[other][1] + self._silence:
                lost = self._lost(other, f'no sign of life for {self._silence:g} s')
                lost.tell(self._store, self.place.round)

    def _lost(self, machine: int, how: str) -> Failure:
        name = self.place.names.get(machine, 'the first')
        return Failure(1, f'launch: error: machine {machine} ({name}) was lost: {how}', machine)
