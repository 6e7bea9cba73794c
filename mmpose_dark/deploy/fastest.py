"""The back end that is fastest for a network on this machine, among those that change no result; measured once."""

import hashlib
import importlib.util
import json
import os
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

import torch
from mmengine.logging import print_log

from ..checkpoint.download import cache_folder
from ..models import BasePoseEstimator
from ..models.outputs import Outputs
from ..utils.atomic_file import write_atomic
from ..utils.errors import InputError, MissingPackageError, StateError
from ..utils.machine import processor_name
from .backends import backend_function
from .least_time import least_seconds
from .plain_network import PlainNetwork, example_images

__all__ = ['fastest_network', 'remembered_backend']

_NEEDS = {'torch': ('torch',), 'openvino': ('openvino',), 'onnxruntime': ('onnxruntime', 'onnx', 'onnxscript')}
"""Candidates, and the packages of each. Their heatmaps are torch's within 1e-3 of the largest: AP stays the same."""
_BATCH = 4

Network = Callable[[torch.Tensor], Outputs]


def fastest_network(model: BasePoseEstimator, example: torch.Tensor) -> Network | None:
    """Return the network in the back end that runs it fastest on this machine, None for torch itself.

    The candidates compute in float32 and are compared with torch when they are made, so that AP does not change;
    bfloat16 has to be asked for. What was found is remembered beside the downloaded checkpoints, for the same network,
    processor, number of threads and versions.

    Args:
        model: in evaluation mode.
        example: images (1, 3, H, W) on the model's device; on a GPU the network stays in torch.
    """
    if example.device.type != 'cpu':
        print_log(f'--backend auto: torch, since the model is on {example.device}', logger='current')
        return None
    names = _installed()
    key = _key(model, example, names)
    known = _remembered().get(key)
    if known in names:
        print_log(f'--backend auto: {known}, as was measured before', logger='current')
        return None if known == 'torch' else backend_function(known)(model, example)
    networks: dict[str, Network] = {}
    images = example_images(example, _BATCH)
    times: dict[str, float] = {}
    for name in names:
        try:
            networks[name] = PlainNetwork(model).eval() if name == 'torch' else backend_function(name)(model, example)
        except (InputError, MissingPackageError, StateError, RuntimeError) as err:  # OpenVINO's are RuntimeErrors
            print_log(f'--backend auto: not {name}, {err}', logger='current')
            continue
        with torch.no_grad():
            times[name] = least_seconds(partial(networks[name], images))
    best = min(times, key=times.get)
    told = ', '.join(f'{name} {1e3 * seconds / _BATCH:.1f} ms' for name, seconds in times.items())
    print_log(f'--backend auto: {best} ({told} an image in batches of {_BATCH})', logger='current')
    _remember(key, best)
    return None if best == 'torch' else networks[best]


def remembered_backend(model: BasePoseEstimator, example: torch.Tensor) -> str | None:
    """Return the name of the back end that `fastest_network` found for these arguments, None if it was not asked."""
    return _remembered().get(_key(model, example, _installed()))


def _installed() -> list[str]:
    return [name for name, packages in _NEEDS.items() if all(map(importlib.util.find_spec, packages))]


def _key(model: BasePoseEstimator, example: torch.Tensor, names: list[str]) -> str:
    """Return what the time depends on, as one word."""
    shapes = [(name, tuple(value.shape)) for name, value in model.state_dict().items()]
    versions = [version(package) for name in names for package in _NEEDS[name]]
    about = [shapes, tuple(example.shape), versions, processor_name(), os.cpu_count()]
    return hashlib.sha256(repr([*about, torch.get_num_threads()]).encode()).hexdigest()[:16]


def _file() -> Path:
    return cache_folder() / 'backends.json'


def _remembered() -> dict[str, str]:
    try:
        found = json.loads(_file().read_text(encoding='utf-8'))
    except (OSError, ValueError):  # not there yet, or not ours: measured again
        return {}
    return found if isinstance(found, dict) else {}


def _remember(key: str, name: str) -> None:
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        write_atomic(_file(), json.dumps({**_remembered(), key: name}, indent=1))
    except OSError as err:
        print_log(f'--backend auto: {name} is not remembered for the next time: {err}', logger='current')
