"""ViTPose: the authors' code, the transformers library, and the MAE weights that its training starts from.

Xu et al., ViTPose, NeurIPS 2022 (arXiv:2204.12484) and ViTPose++, TPAMI 2023 (arXiv:2212.04246); He et al., MAE, CVPR
2022 (arXiv:2111.06377).
"""

import re
from collections.abc import Callable, Collection

import torch

from ..position_grid import fold_class_position
from ..state_dict import StateDict
from .base import Family, register_family
from .mmpose0 import MMPOSE0

__all__ = ['EXPERTS', 'MAE', 'TRANSFORMERS', 'VITPOSE', 'head_of_expert']

EXPERTS = {'coco': 17, 'aic': 14, 'mpii': 16, 'ap10k': 17, 'apt36k': 17, 'coco-wholebody': 133}
"""The datasets of ViTPose+, in the order of its experts, and their numbers of keypoints."""

_OTHER_HEADS = 'associate_heads.'

_AUTHORS = (
    (r'^associate_keypoint_heads\.', _OTHER_HEADS),
    (r'^backbone\.patch_embed\.proj\.', 'backbone.patch_embed.projection.'),
    (r'^backbone\.(last_norm|norm)\.', 'backbone.ln1.'),
    (r'^backbone\.blocks\.', 'backbone.layers.'),
    (r'^(backbone\.layers\.\d+)\.norm', r'\1.ln'),
    (r'^(backbone\.layers\.\d+)\.mlp\.fc1\.', r'\1.ffn.layers.0.0.'),
    (r'^(backbone\.layers\.\d+)\.mlp\.fc2\.', r'\1.ffn.layers.1.'),
    (r'^(backbone\.layers\.\d+)\.mlp\.experts\.', r'\1.ffn.experts.'),
)
_LIBRARY = (
    (r'^backbone\.embeddings\.position_embeddings$', 'backbone.pos_embed'),
    (r'^backbone\.embeddings\.cls_token$', 'backbone.cls_token'),
    (r'^backbone\.embeddings\.patch_embeddings\.', 'backbone.patch_embed.'),
    (r'^backbone\.layernorm\.', 'backbone.ln1.'),
    (r'^backbone\.encoder\.layer\.', 'backbone.layers.'),
    (r'\.attention\.output\.dense\.', '.attn.proj.'),
    (r'\.layernorm_before\.', '.ln1.'),
    (r'\.layernorm_after\.', '.ln2.'),
    (r'\.mlp\.fc1\.', '.ffn.layers.0.0.'),
    (r'\.mlp\.fc2\.', '.ffn.layers.1.'),
    (r'\.mlp\.experts\.', '.ffn.experts.'),
    (r'^head\.deconv1\.', 'head.deconv_layers.0.'),
    (r'^head\.batchnorm1\.', 'head.deconv_layers.1.'),
    (r'^head\.deconv2\.', 'head.deconv_layers.3.'),
    (r'^head\.batchnorm2\.', 'head.deconv_layers.4.'),
    (r'^head\.conv\.', 'head.final_layer.'),
)


def _rename(state_dict: StateDict, rules: tuple[tuple[str, str], ...]) -> StateDict:
    renamed: StateDict = {}
    for name, tensor in state_dict.items():
        for pattern, replacement in rules:
            name = re.sub(pattern, replacement, name)
        renamed[name] = tensor
    return renamed


def _folded(state_dict: StateDict) -> StateDict:
    """Fold the class token's position into the others and leave the token, which no forward pass reads."""
    weights = {name: tensor for name, tensor in state_dict.items() if name != 'backbone.cls_token'}
    positions = weights.get('backbone.pos_embed')
    if positions is not None and positions.ndim == 3:
        weights['backbone.pos_embed'] = fold_class_position(positions)
    return weights


def _convert_authors(state_dict: StateDict) -> StateDict:
    """Rename, fold, and leave experts whose part the authors' tool has put into ``fc2`` already."""
    weights = _folded(_rename(MMPOSE0.convert(state_dict), _AUTHORS))
    patches = weights.get('backbone.patch_embed.projection.weight')
    channels = None if patches is None else patches.shape[:1]
    merged = tuple(
        name.removesuffix('layers.1.weight') + 'experts.'
        for name, tensor in weights.items()
        if name.endswith('.ffn.layers.1.weight') and tensor.shape[:1] == channels
    )
    return {name: tensor for name, tensor in weights.items() if not name.startswith(merged)}


def _convert_library(state_dict: StateDict) -> StateDict:
    """Rename, join queries, keys and values, and fold."""
    weights = _rename(state_dict, _LIBRARY)
    joined: StateDict = {}
    for name, tensor in weights.items():
        found = re.fullmatch(r'(backbone\.layers\.\d+)\.attention\.attention\.(query|key|value)\.(weight|bias)', name)
        if found is None:
            joined[name] = tensor
            continue
        parts = [weights.get(f'{found[1]}.attention.attention.{part}.{found[3]}') for part in ('query', 'key', 'value')]
        if any(part is None or not part.ndim or part.shape[1:] != tensor.shape[1:] for part in parts):
            joined[name] = tensor  # named as surplus by the comparison with the network
        elif found[2] == 'query':
            joined[f'{found[1]}.attn.qkv.{found[3]}'] = torch.cat(parts)
    return _folded(joined)


def _convert_mae(state_dict: StateDict) -> StateDict:
    encoder = ('pos_embed', 'cls_token', 'patch_embed.', 'blocks.', 'norm.')
    placed = {f'backbone.{name}' if name.startswith(encoder) else name: t for name, t in state_dict.items()}
    return _folded(_rename(placed, _AUTHORS))


def _each_begins(*beginnings: str) -> Callable[[Collection[str]], bool]:
    """Return a function that says whether each of these is the beginning of a name."""
    return lambda names: all(any(name.startswith(beginning) for name in names) for beginning in beginnings)


def head_of_expert(weights: StateDict, expert: int) -> StateDict:
    """Leave the heads of other datasets, and call the expert's own ``head.``.

    A file of the authors' ViTPose+ has a head for each of the datasets of `EXPERTS`, that of COCO first; one of their
    ViTPose trained on several datasets has those of the first three.

    Args:
        weights: of any shape, by the names of `VITPOSE` after conversion.
        expert: its number, 0 for COCO.

    >>> head_of_expert({'head.final_layer.bias': 1, 'associate_heads.1.final_layer.bias': torch.zeros(16)}, 2)
    {'head.final_layer.bias': tensor([0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0.])}
    """
    others = {name: tensor for name, tensor in weights.items() if name.startswith(_OTHER_HEADS)}
    if not others:
        return weights
    kept = {name: tensor for name, tensor in weights.items() if name not in others}
    if not expert:
        return kept
    own, keypoints = f'{_OTHER_HEADS}{expert - 1}.', tuple(EXPERTS.values())[expert : expert + 1]
    kept = {name: tensor for name, tensor in kept.items() if not name.startswith('head.')}
    for name, tensor in others.items():
        if name.startswith(own):
            # Some files pad these to the largest number of keypoints.
            cut = tensor[: keypoints[0]] if keypoints and '.final_layer.' in name and tensor.ndim else tensor
            kept['head.' + name.removeprefix(own)] = cut
    return kept


MAE = register_family(
    Family(
        'MAE / timm vision transformer',
        _each_begins('blocks.0.', 'patch_embed.proj.', 'pos_embed'),
        _convert_mae,
        projects='MAE, timm vision transformers',
    )
)
VITPOSE = register_family(
    Family(
        'ViTPose',
        _each_begins('backbone.blocks.0.', 'backbone.patch_embed.proj.'),
        _convert_authors,
        projects='ViTPose, ViTPose+',
    )
)
TRANSFORMERS = register_family(
    Family(
        'ViTPose of transformers',
        _each_begins('backbone.encoder.layer.0.', 'backbone.embeddings.'),
        _convert_library,
        projects='ViTPose, ViTPose+ of the transformers library',
    )
)
