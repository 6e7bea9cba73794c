"""The families of published checkpoints: told apart by their parameter names, brought to this package's names.

================================= ==================================== ==========================
family                            recognised by                        what becomes of the names
================================= ==================================== ==========================
mmpose 1.x, mmpose_dark           ``backbone.``                        stay
mmpose 0.x                        ``keypoint_head.``                   ``head.``
HRNet, DarkPose HRNet             ``stage2.``, ``final_layer.``        ``backbone.``, ``head.`` put in front
Simple Baselines, DarkPose ResNet ``deconv_layers.``, ``final_layer.`` ``backbone.``, ``head.`` put in front
DarkPose Hourglass                ``hg.``, ``score.``                  ``backbone.`` put in front
ViTPose, ViTPose+                 ``backbone.blocks.0.``               mmpretrain's, see `vitpose`
the same in transformers          ``backbone.encoder.layer.0.``        the same
MAE, timm's vision transformers   ``blocks.0.``, ``pos_embed``         the same
================================= ==================================== ==========================

Inside the parts, all but the last three use the same names for the same layers. A new family is a new file that calls
`register_family`; a family registered later is asked earlier.
"""

from . import research  # isort: skip - the order of registration
from . import mmpose1  # isort: skip
from . import mmpose0  # isort: skip
from . import vitpose  # isort: skip
from .base import Family, convert, families, has_parts, recognise, register_family, rename_each

__all__ = [
    'Family',
    'convert',
    'families',
    'has_parts',
    'mmpose0',
    'mmpose1',
    'recognise',
    'register_family',
    'rename_each',
    'research',
    'vitpose',
]
