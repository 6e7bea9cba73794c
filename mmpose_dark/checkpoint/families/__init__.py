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

Inside the parts, all of these use the same names for the same layers. A new family is a new file that calls
`register_family`; a family registered later is asked earlier.
"""

from . import research  # isort: skip - the order of registration
from . import mmpose1  # isort: skip
from . import mmpose0  # isort: skip
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
]
