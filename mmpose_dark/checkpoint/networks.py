"""What the weights of a network tell about it: one record a network in one table.

A new backbone may add a record (`register_network`). Without one it loads all the same; messages then call it
"a network", and its pretrained weights must be of exactly its layers (and a classifier).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..utils.errors import InputError
from .state_dict import StateDict

__all__ = ['Network', 'beside_backbone', 'describe_network', 'register_network', 'sized_by_keypoints']


@dataclass(frozen=True)
class Network:
    """What is known about a network.

    Attributes:
        name: its name, as the table's key.
        describe: takes weights by name, without ``backbone.`` in front, and says what network they are of
            ('HRNet-W32'); None where they are of another.
        beside_backbone: patterns of names that a file may have besides a backbone of this kind: stages that it was
            built without, outputs that it does not use. The first group names the part. They cannot hide a wrong
            file, as all parameters of the backbone are required.
        sized_by_keypoints: beginnings of the names, inside the backbone, of layers as large as there are keypoints.
    """

    name: str
    describe: Callable[[StateDict], str | None]
    beside_backbone: tuple[str, ...] = ()
    sized_by_keypoints: tuple[str, ...] = ()


_TABLE: dict[str, Network] = {}
_ANY = r'(fc|classifier|head|final_layer|deconv_layers)\.'  # a classifier or pose head


def register_network(network: Network) -> Network:
    """Enter a network into the table, and return it.

    Raises:
        InputError: there is one of that name.
    """
    if network.name in _TABLE:
        raise InputError(f'a network {network.name!r} is registered already')
    _TABLE[network.name] = network
    return network


def describe_network(state_dict: StateDict) -> str:
    """Say in words what network the weights are of.

    Args:
        state_dict: of a backbone or a whole network, in the names of any family.

    >>> describe_network({'head.final_layer.weight': torch.zeros(17, 32, 1, 1)})
    'a network, 17 keypoints'
    """
    bare = {k.removeprefix('backbone.'): v for k, v in state_dict.items()}
    parts = [next(filter(None, (network.describe(bare) for network in _TABLE.values())), 'a network')]
    deconvolutions = sum(v.ndim == 4 for k, v in bare.items() if re.match(r'(head\.)?deconv_layers\.\d+\.weight', k))
    if deconvolutions:
        parts.append(f'{deconvolutions} deconvolution' + 's' * (deconvolutions > 1))
    last = [v for k, v in bare.items() if re.fullmatch(r'((head\.)?final_layer|score\.\d+)\.weight', k)]
    if last and last[-1].ndim:
        parts.append(f'{last[-1].shape[0]} keypoints')
    return ', '.join(parts)


def beside_backbone(name: str, own: StateDict) -> str | None:
    """Return the part of a network that ``name`` is of, where a backbone may lack that part and this one does.

    Args:
        name: of a parameter in a file.
        own: the backbone's parameters.

    >>> beside_backbone('fc.weight', {'conv1.weight': torch.zeros(1)})
    'fc'
    >>> beside_backbone('conv2.weight', {'conv1.weight': torch.zeros(1)}) is None
    True
    """
    for pattern in (_ANY, *(p for network in _TABLE.values() for p in network.beside_backbone)):
        found = re.match(pattern, name)
        if found and not any(k.startswith(found[1] + '.') for k in own):
            return found[1]
    return None


def sized_by_keypoints(name: str) -> bool:
    """Say whether a parameter of a pose network is as large as there are keypoints: of the head, or like it.

    >>> sized_by_keypoints('head.final_layer.weight'), sized_by_keypoints('backbone.conv1.weight')
    (True, False)
    """
    if not name.startswith('backbone.'):
        return True
    inside = name.removeprefix('backbone.')
    return any(inside.startswith(network.sized_by_keypoints) for network in _TABLE.values())


def _count(weights: StateDict, pattern: str) -> int:
    return len({found[0] for name in weights if (found := re.match(pattern, name))})


def _hrnet(weights: StateDict) -> str | None:
    width = weights.get('stage2.0.branches.0.0.conv1.weight')
    return None if width is None or not width.ndim else f'HRNet-W{width.shape[0]}'


def _hourglass(weights: StateDict) -> str | None:
    stacks = _count(weights, r'hg\.\d+')
    return f'Hourglass of {stacks} stacks' if stacks else None


_TRANSFORMERS = {(384, 12): 'ViT-S', (768, 12): 'ViT-B', (1024, 24): 'ViT-L', (1280, 32): 'ViT-H'}


def _transformer(weights: StateDict) -> str | None:
    patches, positions = weights.get('patch_embed.projection.weight'), weights.get('pos_embed')
    if patches is None or positions is None or not patches.ndim or positions.ndim != 3:
        return None
    channels, depth = patches.shape[0], _count(weights, r'layers\.\d+\.')
    name = _TRANSFORMERS.get((channels, depth), f'ViT of {depth} layers with {channels} channels')
    experts = _count(weights, r'layers\.0\.ffn\.experts\.\d+\.')
    part = weights.get('layers.0.ffn.experts.0.bias')
    mixed = f', {experts} experts of {part.numel()} features' if part is not None else ''
    return f'{name} with {positions.shape[1]} positions{mixed}'


_RESNETS = {
    ((2, 2, 2, 2), False): 18,
    ((3, 4, 6, 3), False): 34,
    ((3, 4, 6, 3), True): 50,
    ((3, 4, 23, 3), True): 101,
    ((3, 8, 36, 3), True): 152,
}


def _resnet(weights: StateDict) -> str | None:
    if 'layer4.0.conv1.weight' not in weights:
        return None
    blocks = tuple(_count(weights, rf'layer{i}\.\d+') for i in (1, 2, 3, 4))
    depth = _RESNETS.get((blocks, 'layer1.0.conv3.weight' in weights))
    return f'ResNet-{depth}' if depth else f'ResNet with {"-".join(map(str, blocks))} blocks'


register_network(
    Network(
        'HRNet',
        _hrnet,
        beside_backbone=(
            r'(incre_modules|downsamp_modules)\.',  # of the classifier
            r'(stage[34]|transition[23])\.',
            r'(stage\d\.\d+\.fuse_layers\.[1-9])\.',  # the lower resolutions of the last stage
        ),
    )
)
register_network(Network('Hourglass', _hourglass, sized_by_keypoints=('score.', 'score_.')))  # its heatmaps
register_network(Network('ResNet', _resnet, beside_backbone=(r'(layer[2-4])\.',)))
register_network(Network('ViT', _transformer, beside_backbone=(r'(cls_token|mask_token|fc_norm|pre_logits)(\.|$)',)))
