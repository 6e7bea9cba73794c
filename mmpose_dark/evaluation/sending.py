"""Objects with arrays sent from all processes to the first, in pieces of one size and with no copy of the whole.

mmengine's ``collect_results`` writes a pickle of everything to a folder that all machines must share, or gathers it in
every process. Here arrays are taken out of the pickle (protocol 5, PEP 574): they go from the sender's memory through
one buffer of `PIECE` bytes into arrays of the receiver's, and nobody but the first process receives any.
"""

import contextlib
import pickle
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
import torch.distributed as dist

__all__ = ['PIECE', 'send_to_first']

PIECE = 1 << 24
"""Bytes that travel at once."""


def send_to_first(item: object, *, device: str = 'cpu') -> list | None:
    """Return the objects of all processes by rank in the first process, and None in the others.

    An object that cannot be pickled arrives as the error that says so.

    Args:
        item: of this process.
        device: ``'cpu'`` sends through gloo, ``'gpu'`` through the devices.
    """
    rank, world = dist.get_rank(), dist.get_world_size()
    with _channel(device) as channel:
        if rank:
            channel.send(*_taken_apart(item))
            return None
        return [item, *(channel.receive(other) for other in range(1, world))]


def _taken_apart(item: object) -> tuple[bytes, list[memoryview]]:
    """Return the pickle of an object without its arrays, and the bytes of these."""
    buffers: list[pickle.PickleBuffer] = []
    try:
        pickled = pickle.dumps(item, protocol=5, buffer_callback=buffers.append)
    except Exception as err:  # whatever its class does when copied
        return pickle.dumps(TypeError(f'a result of process {dist.get_rank()} cannot be sent: {err}')), []
    return pickled, [buffer.raw() for buffer in buffers]


class _Channel:
    """Bytes between two processes, through one piece of memory."""

    def __init__(self, group: dist.ProcessGroup | None, device: torch.device) -> None:
        self.group, self.device = group, device
        self.piece = np.empty(PIECE, np.uint8)

    def send(self, pickled: bytes, arrays: Sequence[memoryview]) -> None:
        sizes = np.array([len(pickled), *(array.nbytes for array in arrays)], np.int64)
        self._send(np.array([len(sizes)], np.int64).view(np.uint8))
        self._send_all([sizes.view(np.uint8)])
        self._send_all(np.frombuffer(data, np.uint8) for data in (pickled, *arrays))

    def receive(self, rank: int) -> object:
        count = int(self._receive(rank, 8).view(np.int64)[0])
        sizes = np.empty(count, np.int64)
        self._receive_all(rank, [sizes.view(np.uint8)])
        parts = [np.empty(size, np.uint8) for size in sizes.tolist()]
        self._receive_all(rank, parts)
        return pickle.loads(parts[0], buffers=parts[1:])

    def _send_all(self, parts: Iterable[np.ndarray]) -> None:
        filled = 0
        for part in parts:
            while len(part):
                taken = part[: PIECE - filled]
                self.piece[filled : filled + len(taken)] = taken
                filled, part = filled + len(taken), part[len(taken) :]
                if filled == PIECE:
                    self._send(self.piece)
                    filled = 0
        if filled:
            self._send(self.piece[:filled])

    def _receive_all(self, rank: int, parts: Sequence[np.ndarray]) -> None:
        left = sum(len(part) for part in parts)
        piece = self.piece[:0]
        for part in parts:
            at = 0
            while at < len(part):
                if not len(piece):
                    piece = self._receive(rank, min(left, PIECE))
                    left -= len(piece)
                taken = piece[: len(part) - at]
                part[at : at + len(taken)] = taken
                at, piece = at + len(taken), piece[len(taken) :]

    def _send(self, data: np.ndarray) -> None:
        dist.send(torch.from_numpy(data).to(self.device), 0, group=self.group)

    def _receive(self, rank: int, size: int) -> np.ndarray:
        data = torch.from_numpy(self.piece[:size])
        there = data if self.device.type == 'cpu' else torch.empty(size, dtype=torch.uint8, device=self.device)
        dist.recv(there, rank, group=self.group)
        data.copy_(there)
        return self.piece[:size]


@contextlib.contextmanager
def _channel(device: str) -> Iterator[_Channel]:
    """Open a channel through gloo or the devices."""
    if dist.get_backend() == 'gloo':
        yield _Channel(None, torch.device('cpu'))
    elif device == 'gpu':
        yield _Channel(None, torch.device('cuda', torch.cuda.current_device()))
    else:  # a group for the host's memory, not kept: it must not outlive the others
        group = dist.new_group(backend='gloo')
        try:
            yield _Channel(group, torch.device('cpu'))
        finally:
            dist.destroy_process_group(group)
