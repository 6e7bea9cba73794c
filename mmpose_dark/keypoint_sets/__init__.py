"""Keypoint sets: names, skeleton, left-right pairs, weights and sigmas of each dataset's keypoints."""

from .definitions import DefinitionError, known_definitions, load_definition, parse_pose_metainfo

__all__ = ['DefinitionError', 'known_definitions', 'load_definition', 'parse_pose_metainfo']
