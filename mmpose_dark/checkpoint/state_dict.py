"""The weights in a checkpoint: where they are, and without the prefixes that wrappers put before their names."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import torch

from ..utils.errors import InputError

__all__ = ['MapLocation', 'StateDict', 'split_weights', 'strip_wrappers']

StateDict: TypeAlias = dict[str, torch.Tensor]
MapLocation: TypeAlias = str | torch.device | dict[str, str] | Callable[[torch.Tensor, str], torch.Tensor] | None
"""Where tensors are read to, as ``torch.load`` takes it."""

_WEIGHT_KEYS = ('state_dict', 'best_state_dict', 'model', 'model_state_dict')
_WRAPPERS = ('module.', '_orig_mod.')


def split_weights(checkpoint: Mapping[str, object]) -> tuple[StateDict, dict[str, object]]:
    """Separate the weights from the rest of a checkpoint.

    The weights are looked for under ``state_dict``, ``best_state_dict``, ``model`` and
    ``model_state_dict``, then taken to be the checkpoint itself. Official HRNet files have the *name*
    of the network under ``model``; only a dictionary of tensors counts.

    Returns:
        The weights, names without wrapper prefixes, and a dictionary of everything else.

    Raises:
        InputError: there are no weights.

    >>> weights, rest = split_weights({'epoch': 3, 'model': 'pose_hrnet', 'state_dict': {'module.a': torch.ones(1)}})
    >>> list(weights), rest
    (['a'], {'epoch': 3, 'model': 'pose_hrnet'})
    """
    for key in _WEIGHT_KEYS:
        if _is_state_dict(checkpoint.get(key)):
            rest = {k: v for k, v in checkpoint.items() if k != key and not (k in _WEIGHT_KEYS and _is_state_dict(v))}
            return strip_wrappers(checkpoint[key]), rest
    if _is_state_dict(checkpoint):
        return strip_wrappers(checkpoint), {}
    raise InputError(
        f'no weights found; looked under {", ".join(_WEIGHT_KEYS)}; the file has '
        + (', '.join(f'{k!r}' for k in list(checkpoint)[:10]) or 'nothing')
    )


def strip_wrappers(state_dict: StateDict) -> StateDict:
    """Remove ``module.`` (DataParallel) and ``_orig_mod.`` (torch.compile) where every name starts with it.

    Args:
        state_dict: tensors of any shape by name.

    >>> strip_wrappers({'module.a': 1, 'module.b': 2})
    {'a': 1, 'b': 2}
    """
    result = dict(state_dict)
    while result:
        prefix = next((p for p in _WRAPPERS if all(k.startswith(p) for k in result)), None)
        if prefix is None:
            break
        result = {k[len(prefix) :]: v for k, v in result.items()}
    return result


def _is_state_dict(value: object) -> bool:
    if not isinstance(value, dict) or not value:
        return False
    return all(isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in value.items())
