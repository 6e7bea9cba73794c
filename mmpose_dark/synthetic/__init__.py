"""Drawn people: a dataset in COCO's format that the project makes itself, exact to a fraction of a pixel."""

from .as_keypoint_set import write_as_keypoint_set
from .dataset import GENERATOR_VERSION, PeopleSettings, is_complete, write_dataset
from .prepare import prepare_dataset
from .scene import PersonLabel, Scene, draw_scene

__all__ = [
    'GENERATOR_VERSION',
    'PeopleSettings',
    'PersonLabel',
    'Scene',
    'draw_scene',
    'is_complete',
    'prepare_dataset',
    'write_as_keypoint_set',
    'write_dataset',
]
