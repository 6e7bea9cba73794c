"""Learning rates that fall from layer to layer, for fine-tuning vision transformers (Bao et al., BEiT, ICLR 2022)."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from mmengine.optim import DefaultOptimWrapperConstructor

from ..registry import OPTIM_WRAPPER_CONSTRUCTORS
from ..utils.errors import InputError

if TYPE_CHECKING:
    import torch
    from torch import nn

__all__ = ['LayerDecayOptimWrapperConstructor', 'layer_of', 'number_of_layers']

_SETTINGS = ('num_layers', 'layer_decay_rate', 'custom_keys')
_CUSTOM = ('lr_mult', 'decay_mult', 'decay_multi')  # the last is how mmpose's configs write the second


def number_of_layers(names: Iterable[str]) -> int:
    """Return how many layers a network's vision transformer has, 0 where it has none.

    Args:
        names: of the network's parameters.

    >>> number_of_layers(['backbone.layers.0.ln1.bias', 'backbone.layers.11.ln1.bias'])
    12
    """
    found = (re.match(r'backbone\.layers\.(\d+)\.', name) for name in names)
    return max((int(match[1]) + 1 for match in found if match), default=0)


def layer_of(name: str, num_layers: int) -> int:
    """Return the layer of a parameter: 0 for patches and positions, n for layer n, the last for what is behind.

    Args:
        name: of a parameter of a pose network.
        num_layers: of its vision transformer.

    >>> names = ('pos_embed', 'layers.0.ln1.bias', 'layers.11.ln1.bias', 'ln1.bias')
    >>> [layer_of(f'backbone.{name}', 12) for name in names]
    [0, 1, 12, 13]
    """
    if re.match(r'backbone\.(pos_embed|cls_token|mask_token|patch_embed)(\.|$)', name):
        return 0
    inside = re.match(r'backbone\.layers\.(\d+)\.', name)
    return int(inside[1]) + 1 if inside else num_layers + 1


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class LayerDecayOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Makes an optimizer whose learning rate is multiplied by ``layer_decay_rate`` for each layer away from the head.

    Biases, normalisations and positions have no weight decay, as in mmpose and in the code of ViTPose.

    Args:
        optim_wrapper_cfg: with ``optimizer``, as for mmengine's constructor.
        paramwise_cfg: ``layer_decay_rate``, above 0 and at most 1; ``num_layers`` of the backbone, which the network
            says itself where it is left out; ``custom_keys``: by a part of a parameter's name ``lr_mult`` and
            ``decay_mult``, which multiply its learning rate and weight decay (the longest name that fits counts).

    Raises:
        InputError: another setting, or a rate that is out of range; when called, a network without such layers or
            with another number of them.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        settings = dict(paramwise_cfg or {})
        unknown = [key for key in settings if key not in _SETTINGS]
        if unknown:
            raise InputError(f'paramwise_cfg: {unknown[0]!r} is not one of {", ".join(_SETTINGS)}')
        rate = settings.get('layer_decay_rate')
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= 1:
            raise InputError(f'paramwise_cfg.layer_decay_rate must be above 0 and at most 1, not {rate!r}')
        custom = settings.get('custom_keys') or {}
        for key, changes in custom.items():
            wrong = [name for name in changes if name not in _CUSTOM]
            if wrong:
                raise InputError(f'paramwise_cfg.custom_keys.{key}: {wrong[0]!r} is not lr_mult or decay_mult')
        super().__init__(optim_wrapper_cfg, dict(layer_decay_rate=rate))
        self.rate, self.num_layers, self.custom = float(rate), settings.get('num_layers'), custom

    def add_params(self, params: 'list[dict]', module: 'nn.Module', **_: object) -> None:
        """Enter groups of a network's parameters into ``params``: one for each layer, with and without weight decay.

        Args:
            params: is filled.
            module: the network.
            **_: what mmengine passes on for convolutions with offsets.
        """
        trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
        layers = self._check_layers([name for name, _ in module.named_parameters()])
        groups: dict[tuple, dict] = {}
        for name, parameter in trained.items():
            layer = layer_of(name, layers)
            changes = self._changes(name)
            scale = self.rate ** (layers + 1 - layer) * changes.get('lr_mult', 1.0)
            decay = (self.base_wd or 0.0) * (0.0 if _has_no_decay(name, parameter) else _decay_mult(changes))
            key = (layer, scale, decay)
            if key not in groups:
                kind = 'decay' if decay else 'no_decay'
                groups[key] = dict(params=[], lr=scale * self.base_lr, weight_decay=decay, lr_scale=scale)
                groups[key]['group_name'] = f'layer_{layer}_{kind}'
            groups[key]['params'].append(parameter)
        params.extend(groups[key] for key in sorted(groups))

    def _check_layers(self, names: list[str]) -> int:
        found = number_of_layers(names)
        if not found:
            raise InputError(
                'LayerDecayOptimWrapperConstructor: the network has no parameters backbone.layers.N; it is for '
                'VisionTransformer. Leave out optim_wrapper.constructor and paramwise_cfg for others'
            )
        if self.num_layers not in (None, found):
            raise InputError(
                f'paramwise_cfg.num_layers={self.num_layers}, but the backbone has {found} layers; leave it out, or '
                f'set {found}'
            )
        return found

    def _changes(self, name: str) -> Mapping[str, float]:
        fitting = [key for key in self.custom if key in name]
        return self.custom[max(fitting, key=len)] if fitting else {}


def _has_no_decay(name: str, parameter: 'torch.Tensor') -> bool:
    return parameter.ndim == 1 or name.endswith(('.bias', 'pos_embed'))


def _decay_mult(changes: Mapping[str, float]) -> float:
    return changes.get('decay_mult', changes.get('decay_multi', 1.0))
