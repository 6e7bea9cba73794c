"""The families of published checkpoints: told apart by their parameter names, brought to this package's names.

================================= ==================================== ==========================
family                            recognised by                        what becomes of the names
================================= ==================================== ==========================
mmpose 1.x, mmpose_dark           ``backbone.``                        stay
mmpose 0.x                        ``keypoint_head.``                   ``head.``
HRNet, DarkPose HRNet             ``stage2.``, ``final_layer.``        ``backbone.``, ``head.`` put in front
Simple Baselines, DarkPose ResNet ``deconv_layers.``, ``final_layer.`` ``backbone.``, ``head.`` put in front
DarkPose Hourglass                ``hg.``, ``score.``                  ``backbone.`` put in front
================================= ==================================== ==========================

Inside the parts, all families use the same names for the same layers.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import torch

from ..utils.errors import InputError

__all__ = ['Family', 'convert', 'describe_network', 'recognise', 'split_weights', 'strip_wrappers']

StateDict = dict[str, torch.Tensor]

_WEIGHT_KEYS = ('state_dict', 'best_state_dict', 'model', 'model_state_dict')
_WRAPPERS = ('module.', '_orig_mod.')


class Family(NamedTuple):
    """A family of checkpoints: what it is called, and how its parameter names read here."""

    name: str
    rename: Callable[[str], str]


def _is_state_dict(value: Any) -> bool:
    if not isinstance(value, dict) or not value:
        return False
    return all(isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in value.items())


def split_weights(checkpoint: dict) -> tuple[StateDict, dict]:
    """Separate the weights from the rest of a checkpoint.

    The weights are looked for under ``state_dict``, ``best_state_dict``, ``model`` and
    ``model_state_dict``, then taken to be the checkpoint itself. Official HRNet files have the *name*
    of the network under ``model``; only a dictionary of tensors counts.

    Returns:
        The weights, names without wrapper prefixes, and a dictionary of everything else.

    Raises:
        ValueError: there are no weights.

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


def _bare(name: str) -> str:
    return ('head.' if name.startswith(('deconv_layers.', 'final_layer.')) else 'backbone.') + name


def _mmpose0(name: str) -> str:
    return re.sub(r'^keypoint_head\.', 'head.', name)


def recognise(names: Iterable[str]) -> Family | None:
    """Tell the family of a checkpoint from its parameter names, ``None`` where it is none of them.

    >>> recognise(['backbone.conv1.weight', 'keypoint_head.final_layer.weight']).name
    'mmpose 0.x'
    """
    names = list(names)
    starts = {n.split('.', 1)[0] for n in names}
    if 'keypoint_head' in starts:
        return Family('mmpose 0.x', _mmpose0)
    if 'backbone' in starts:
        return Family('mmpose 1.x / mmpose_dark', str)
    if {'hg', 'score'} <= starts:
        return Family('DarkPose Hourglass', _bare)
    if {'stage2', 'final_layer'} <= starts and 'classifier' not in starts:
        return Family('HRNet / DarkPose HRNet', _bare)
    if {'layer4', 'deconv_layers', 'final_layer'} <= starts:
        return Family('Simple Baselines / DarkPose ResNet', _bare)
    return None


def convert(state_dict: StateDict, family: Family | None) -> StateDict:
    """Return the weights under the names that the networks here have.

    In mmpose 0.x ``final_layer.N`` are all convolutions after the deconvolutions; since 1.x the last is
    ``final_layer`` and those before it are ``conv_layers.N``.
    """
    if family is None:
        return dict(state_dict)
    renamed = {family.rename(k): v for k, v in state_dict.items()}
    numbers = [int(m[1]) for k in renamed if (m := re.match(r'head\.final_layer\.(\d+)\.', k))]
    if family.name == 'mmpose 0.x' and numbers:
        last = f'head.final_layer.{max(numbers)}.'
        renamed = {
            k.replace(last, 'head.final_layer.')
            if k.startswith(last)
            else re.sub(r'^head\.final_layer\.(?=\d)', 'head.conv_layers.', k): v
            for k, v in renamed.items()
        }
    return renamed


_RESNETS = {
    ((2, 2, 2, 2), False): 18,
    ((3, 4, 6, 3), False): 34,
    ((3, 4, 6, 3), True): 50,
    ((3, 4, 23, 3), True): 101,
    ((3, 8, 36, 3), True): 152,
}


def describe_network(state_dict: StateDict) -> str:
    """Say in words what network the weights are of.

    >>> describe_network({'head.final_layer.weight': torch.zeros(17, 32, 1, 1)})
    'a network, 17 keypoints'
    """
    names = {re.sub(r'^backbone\.', '', k): k for k in state_dict}

    def count(pattern: str) -> int:
        return len({m[0] for k in names if (m := re.match(pattern, k))})

    what = 'a network'
    width = names.get('stage2.0.branches.0.0.conv1.weight')
    if width:
        what = f'HRNet-W{state_dict[width].shape[0]}'
    elif stacks := count(r'hg\.\d+'):
        what = f'Hourglass of {stacks} stacks'
    elif 'layer4.0.conv1.weight' in names:
        blocks = tuple(count(rf'layer{i}\.\d+') for i in (1, 2, 3, 4))
        depth = _RESNETS.get((blocks, 'layer1.0.conv3.weight' in names))
        what = f'ResNet-{depth}' if depth else f'ResNet with {"-".join(map(str, blocks))} blocks'
    deconvolutions = sum(
        state_dict[k].ndim == 4 for name, k in names.items() if re.match(r'(head\.)?deconv_layers\.\d+\.weight', name)
    )
    last = [k for name, k in names.items() if re.fullmatch(r'((head\.)?final_layer|score\.\d+)\.weight', name)]
    parts = [what]
    if deconvolutions:
        parts.append(f'{deconvolutions} deconvolution' + 's' * (deconvolutions > 1))
    if last:
        parts.append(f'{state_dict[last[-1]].shape[0]} keypoints')
    return ', '.join(parts)
