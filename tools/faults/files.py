"""Checkpoints that were damaged or made to do harm, read in this process."""

import io
import os
import pickle
import random
import resource
import time
import zipfile
from pathlib import Path

import torch
from outcome import Outcome
from torch import nn

__all__ = ['hostile_checkpoints']

_SECONDS, _MEGABYTES = 5.0, 400


class _Runs:
    """Pickled as a command, which leaves a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.system, (f'touch {self.path}',)


def _network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 4, 1))


def _seeds(canary: Path) -> list[tuple[bytes, bool]]:
    """Return checkpoints, and whether their checksums cover all that is in them."""
    found = []
    content = dict(state_dict=_network().state_dict(), meta=dict(epoch=3, names=['a', 'b'], sigmas=(0.1, 0.2)))
    for zipped in (True, False):
        file = io.BytesIO()
        torch.save(content, file, _use_new_zipfile_serialization=zipped)
        found.append((file.getvalue(), zipped))
    for harm in (_Runs(canary), {'state_dict': _Runs(canary)}, [bytearray, _Runs(canary)]):
        file = io.BytesIO()
        with zipfile.ZipFile(file, 'w') as archive:
            archive.writestr('x/data.pkl', pickle.dumps(harm, 2))
        found += [(file.getvalue(), True), (pickle.dumps(harm, 2), False)]
    return found


def _mutated(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    kind = rng.randrange(6)
    place = rng.randrange(len(changed))
    if kind <= 1:
        changed[place] ^= 1 << rng.randrange(8)
    elif kind == 2:
        del changed[place:]
    elif kind == 3:
        changed[place : place + rng.randrange(1, 64)] = rng.randbytes(rng.randrange(64))
    elif kind == 4:
        other = rng.randrange(len(changed))
        changed[place : place + 32] = changed[other : other + 32]
    else:
        for _ in range(rng.randrange(2, 30)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def hostile_checkpoints(tries: int, seed: int, folder: Path) -> Outcome:
    """Read mutated checkpoints: an error, or what was written; no code, little time, little memory."""
    from mmpose_dark.checkpoint import CheckpointError, load_state_dict_file

    found = Outcome('damaged and hostile checkpoints: refused in one line or read as written, nothing runs')
    rng, canary, path = random.Random(seed), folder / 'canary', folder / 'x.pth'
    seeds = _seeds(canary)
    with torch.no_grad():
        expected = pickle.dumps(load_plain(seeds[0][0], path))
    for _ in range(tries):
        data, summed = rng.choice(seeds)
        path.write_bytes(_mutated(data, rng))
        before, started, problem = _peak(), time.monotonic(), ''
        try:
            loaded = load_state_dict_file(path)
            if summed and pickle.dumps(_plain(loaded)) != expected:
                problem = 'other values were read, without a word'
        except CheckpointError as err:
            problem = '' if str(path) in str(err) else f'the path is not in: {err}'
        except Exception as err:
            problem = f'{type(err).__name__}: {err}'
        if time.monotonic() - started > _SECONDS or _peak() - before > _MEGABYTES:
            problem = problem or 'too long, or too much memory'
        if canary.exists():
            canary.unlink()
            problem = 'it ran code'
        found.note(problem)
    return found


def load_plain(data: bytes, path: Path) -> dict:
    """Read a good checkpoint as lists and numbers."""
    from mmpose_dark.checkpoint import load_state_dict_file

    path.write_bytes(data)
    return _plain(load_state_dict_file(path))


def _plain(content: dict) -> dict:
    weights = {name: value.tolist() for name, value in content.get('state_dict', {}).items()}
    return dict(weights=weights, meta=content.get('meta'))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
