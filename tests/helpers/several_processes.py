"""A function in several processes that are one group of torch's."""

import pathlib
import pickle
from collections.abc import Callable

import torch.distributed as dist
import torch.multiprocessing as mp


def in_processes(function: Callable, folder: pathlib.Path, world: int, *args) -> list:
    """Return what ``function(rank, folder, *args)`` returns in each process."""
    mp.spawn(_in_process, (function, str(folder), world, args), nprocs=world)
    return [pickle.loads((folder / f'{rank}.pkl').read_bytes()) for rank in range(world)]


def _in_process(rank: int, function: Callable, folder: str, world: int, args: tuple) -> None:
    dist.init_process_group('gloo', init_method=f'file://{folder}/meeting', rank=rank, world_size=world)
    found = function(rank, folder, *args)
    pathlib.Path(folder, f'{rank}.pkl').write_bytes(pickle.dumps(found))
    dist.destroy_process_group()
