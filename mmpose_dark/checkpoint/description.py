"""What a checkpoint is, for reports."""

import os
from typing import Any

from .download import sha256_of
from .families import convert, recognise
from .networks import describe_network
from .reading import load_state_dict_file, local_file
from .state_dict import split_weights
from .urls import shown

__all__ = ['describe_checkpoint']

_META = ('epoch', 'iter', 'experiment_name', 'seed', 'time', 'mmpose_dark_version', 'mmpose_version')


def describe_checkpoint(path_or_url: str | os.PathLike) -> dict[str, Any]:
    """Say what a checkpoint is.

    Args:
        path_or_url: as for `load_state_dict_file`; an ONNX file too.

    Returns:
        ``source``, ``sha256``, ``bytes``, ``family`` (by the names of the parameters, ``'ONNX'`` for a graph),
        ``network`` in words, ``meta`` (epoch, seed ... as far as the file says).

    Raises:
        CheckpointError: the file cannot be read.
    """
    file = local_file(path_or_url)
    about: dict[str, Any] = dict(source=shown(path_or_url), sha256=sha256_of(file), bytes=file.stat().st_size)
    if file.suffix == '.onnx':
        return dict(about, family='ONNX', network=None, meta={})
    weights, rest = split_weights(load_state_dict_file(file, 'cpu'))
    family = recognise(weights)
    describe = family.describe if family else describe_network
    meta = rest.get('meta')
    return dict(
        about,
        family=family.name if family else 'unknown',
        network=describe(convert(weights, family)),
        meta={key: meta[key] for key in _META if key in meta} if isinstance(meta, dict) else {},
    )
