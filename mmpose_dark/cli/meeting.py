"""How the launchers of several machines meet, watch each other, and end or start again together.

The first machine (``NODE_RANK=0``) holds a store of torch's (``torch.distributed.TCPStore``) at its address and port.
A round goes so: each launcher writes its settings, the first one says who is ranks what, and all count up a number as a
sign of life. The first failure of a round ends it on all machines. What the processes themselves need to find each
other is torch's own affair, at a port that is new in each round.
"""

import json
import os
import socket
import sys
import threading
import time
import uuid
from dataclasses import asdict
from datetime import timedelta

from ..utils.errors import StateError
from ..utils.timeouts import MEETING_VARIABLE
from .own_addresses import check_is_own, free_port
from .rounds import Failure, Place, Round, Settings

__all__ = ['Meeting']

_LOOK = 0.2
_SECONDS_BETWEEN_WORDS = 10.0
_SECONDS_WITHOUT_WORDS = 3.0
_SECONDS_FOR_AN_ANSWER = 20.0


class Meeting:
    """One launcher's part in the meetings of all.

    Args:
        settings: of this launcher.
        wait: seconds to wait for the others.
        silence: seconds without a sign of life after which a machine counts as lost.
    """

    def __init__(self, settings: Settings, *, wait: float, silence: float) -> None:
        self.settings, self.wait, self.silence = settings, wait, silence
        self.store = None
        self.round: Round | None = None
        self._last = ''  # name of the round before
        self._run = uuid.uuid4().hex[:8]
        self._count = 0
        self._said = 0.0

    def meet(self, restarts: int, started: float) -> Place:
        """Wait for the other machines, and return what this one is among them.

        Args:
            restarts: rounds that were lost so far, as this launcher knows.
            started: the time at which the first round began, as this launcher knows.

        Raises:
            StateError: they did not come in time, or do not fit together; the message names the variable.
        """
        me = {**asdict(self.settings), 'restarts': restarts, 'started': started}
        until = time.monotonic() + self.wait
        self._said = time.monotonic() - _SECONDS_BETWEEN_WORDS + _SECONDS_WITHOUT_WORDS
        place = self._lead(me, until) if self.settings.rank == 0 else self._follow(me, until)
        self.round = Round(self.store, place, self.silence)
        return place

    # --- the first machine -----------------------------------------------------------------------

    def _lead(self, me: dict, until: float) -> Place:
        if self.store is None:
            check_is_own(self.settings.host)
            self.store = _serve(self.settings)
        self._count += 1
        name = f'{self._run}.{self._count}'
        self.store.set(f'{name}/node/0', json.dumps(me))
        self.store.set('round', name)
        came, last = {0: me}, time.monotonic()
        while len(came) < self.settings.most:
            for rank in range(1, self.settings.most):
                if rank not in came and self.store.check([f'{name}/node/{rank}']):
                    came[rank] = json.loads(self.store.get(f'{name}/node/{rank}'))
                    last = time.monotonic()
            missing = [str(rank) for rank in range(self.settings.most) if rank not in came]
            if len(came) >= self.settings.least and time.monotonic() > last + 2 * self.silence:
                break
            words = f'{len(came)} of {self.settings.most} machines are here, NODE_RANK {", ".join(missing)} not yet'
            remedy = f'Start them with MASTER_ADDR={self.settings.host} PORT={self.settings.port} and a NODE_RANK of '
            self._wait_on(words, until, remedy + 'their own, and look at the firewall')
        found = dict(
            nodes={rank: came[rank] for rank in sorted(came)},
            port=free_port(),
            restarts=max(node['restarts'] for node in came.values()),
            started=min(node['started'] for node in came.values()),
        )
        self.store.set(f'{name}/go', json.dumps(found))
        return Place.of(name, 0, json.loads(json.dumps(found)))

    # --- the others ------------------------------------------------------------------------------

    def _follow(self, me: dict, until: float) -> Place:
        rank = self.settings.rank
        self._connect(until)
        while True:
            try:
                name = self._next_round(until)
                mine = f'{name}/node/{rank}'
                self.settings.check_against(json.loads(self.store.get(f'{name}/node/0')))
                if not _claim(self.store, mine, json.dumps(me)):
                    self._take_over(name, me, until)
                return self._wait_for_start(name, until)
            except _Again:
                continue
            except RuntimeError as err:
                if isinstance(err, StateError):
                    raise
                self._connect(until)  # the first machine went, and may come again

    def _connect(self, until: float) -> None:
        host, port = self.settings.host, self.settings.port
        self.store = None
        while self.store is None:
            reason = _try_reach(host, port)
            if not reason:
                try:
                    self.store = _client(host, port)
                    return
                except StateError:
                    raise
                except RuntimeError as err:
                    reason = str(err).splitlines()[0]
            self._wait_on(
                f'the first machine does not answer at {host}:{port} yet ({reason})',
                until,
                'Look at MASTER_ADDR and PORT here and there, at the firewall, and whether a machine with NODE_RANK=0 '
                'was started',
            )

    def _next_round(self, until: float) -> str:
        """Return the name of the round that can be joined."""
        while True:
            if self.store.check(['round']):
                name = self.store.get('round').decode()
                if name != self._last and not self.store.check([f'{name}/go']):
                    return name
                if name != self._last and not self.store.check([f'{name}/failed']):
                    self._replace(name, until)
            self._wait_on('the others have not begun to meet', until, 'They work without this machine')

    def _replace(self, name: str, until: float) -> None:
        """Say in a running round that the machine of this rank is a new one, if the one before is gone."""
        if not self.store.check([f'{name}/node/{self.settings.rank}']):
            return  # they run with fewer machines, and this one has to wait
        self._refuse_twins(name, until)
        text = f'launch: error: machine {self.settings.rank} ({self.settings.name}) was lost, and started again'
        Failure(1, text, self.settings.rank).tell(self.store, name)

    def _take_over(self, name: str, me: dict, until: float) -> None:
        """Join in the place of one that had joined and is gone."""
        self._refuse_twins(name, until)
        self.store.set(f'{name}/node/{self.settings.rank}', json.dumps(me))

    def _refuse_twins(self, name: str, until: float) -> None:
        """Raise if the machine that has this one's rank is alive."""
        rank, key = self.settings.rank, f'{name}/alive/{self.settings.rank}'
        before, end = self.store.add(key, 0), min(until, time.monotonic() + self.silence)
        while time.monotonic() < end:
            if self.store.add(key, 0) != before:
                other = json.loads(self.store.get(f'{name}/node/{rank}'))
                raise StateError(
                    f'NODE_RANK={rank} is taken by {other["name"]}; give each machine a number of its own, '
                    f'0 to {self.settings.most - 1}'
                )
            time.sleep(_LOOK)

    def _wait_for_start(self, name: str, until: float) -> Place:
        alive = f'{name}/alive/{self.settings.rank}'
        while not self.store.check([f'{name}/go']):
            self.store.add(alive, 1)
            if self.store.get('round').decode() != name:
                raise _Again
            came = sum(self.store.check([f'{name}/node/{rank}']) for rank in range(self.settings.most))
            self._wait_on(f'{came} of {self.settings.most} machines are here', until, 'Look at NODE_RANK of the others')
        self._last = name
        return Place.of(name, self.settings.rank, json.loads(self.store.get(f'{name}/go')))

    def _wait_on(self, words: str, until: float, remedy: str) -> None:
        """Wait a moment, saying now and then what for; raise where it has been too long."""
        now = time.monotonic()
        if now > until:
            raise StateError(f'{words} after {self.wait:g} s ({MEETING_VARIABLE}). {remedy}')
        if now > self._said + _SECONDS_BETWEEN_WORDS:
            self._said = now
            print(f'launch: waiting: {words}; {until - now:.0f} s left', file=sys.stderr, flush=True)
        time.sleep(_LOOK)


class _Again(Exception):
    """The round was given up while it was waited for."""


def _serve(settings: Settings) -> object:
    from torch.distributed import TCPStore

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1 if os.name == 'posix' else 0)
        try:
            probe.bind(('', settings.port))
        except OSError as err:
            raise StateError(
                f'PORT={settings.port} cannot be used on this machine ({err.strerror}): another run has it, or two '
                'launchers have NODE_RANK=0; give another PORT to all machines'
            ) from err
    return TCPStore(
        settings.host, settings.port, None, is_master=True, wait_for_workers=False, timeout=timedelta(seconds=30)
    )


def _try_reach(host: str, port: int) -> str:
    """Return why the first machine cannot be reached; empty where it can."""
    try:
        socket.create_connection((host, port), timeout=3).close()
    except OSError as err:
        return err.strerror or str(err)
    return ''


def _client(host: str, port: int) -> object:
    """Connect to the store; what answers may be something else, and torch waits for its word without end."""
    from torch.distributed import TCPStore

    found: list[object] = []

    def connect() -> None:
        try:
            found.append(
                TCPStore(host, port, None, is_master=False, wait_for_workers=False, timeout=timedelta(seconds=10))
            )
        except RuntimeError as err:
            found.append(err)

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(_SECONDS_FOR_AN_ANSWER)
    if not found:
        raise StateError(
            f'PORT={port}: what answers at {host} is no launcher of this version; look at MASTER_ADDR and PORT'
        )
    if isinstance(found[0], RuntimeError):
        raise found[0]
    return found[0]


def _claim(store: object, key: str, value: str) -> bool:
    """Write ``value`` unless there is another one; say whether it is there now."""
    return store.compare_set(key, '', value).decode() == value
