"""mmpose 0.x, where the head is called ``keypoint_head``."""

import re

from ..state_dict import StateDict
from .base import Family, has_parts, register_family

__all__ = ['MMPOSE0']


def _convert(state_dict: StateDict) -> StateDict:
    """Rename the head and its layers.

    In 0.x ``final_layer.N`` are all convolutions after the deconvolutions; since 1.x the last is ``final_layer`` and
    those before it are ``conv_layers.N``.
    """
    renamed = {re.sub(r'^keypoint_head\.', 'head.', name): tensor for name, tensor in state_dict.items()}
    numbers = [int(found[1]) for name in renamed if (found := re.match(r'head\.final_layer\.(\d+)\.', name))]
    if not numbers:
        return renamed
    last = f'head.final_layer.{max(numbers)}.'
    return {
        name.replace(last, 'head.final_layer.')
        if name.startswith(last)
        else re.sub(r'^head\.final_layer\.(?=\d)', 'head.conv_layers.', name): tensor
        for name, tensor in renamed.items()
    }


MMPOSE0 = register_family(Family('mmpose 0.x', has_parts('keypoint_head'), _convert, projects='mmpose 0.x'))
