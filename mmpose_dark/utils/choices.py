"""Words that a setting may be, for command lines too: a parser must not import torch to list them."""

__all__ = ['AMP_CHOICES', 'BOX_FORMATS', 'PHASES']

# Half precision; 'auto' is float16 on CUDA and bfloat16 elsewhere (utils/precision.py).
AMP_CHOICES = ('auto', 'float16', 'bfloat16')
# How a box is written: left top right bottom, or left top width height (inference/boxes.py).
BOX_FORMATS = ('xyxy', 'xywh')
# The parts of a config that have a dataset (config/tree.py).
PHASES = ('train', 'val', 'test')
