"""Keypoint sets: names, skeleton, left-right pairs, weights and sigmas of each dataset's keypoints."""

from .definitions import DefinitionError, known_definitions, load_definition, numbers_of, parse_pose_metainfo
from .wholebody_parts import WHOLEBODY_FIELDS, WHOLEBODY_PARTS, WholeBodyPart

__all__ = [
    'WHOLEBODY_FIELDS',
    'WHOLEBODY_PARTS',
    'DefinitionError',
    'WholeBodyPart',
    'known_definitions',
    'load_definition',
    'numbers_of',
    'parse_pose_metainfo',
]
