"""Drawn people: a dataset in COCO's format that the project makes itself, exact to a fraction of a pixel.

The names are imported on first use: a command line that lists the settings must not load OpenCV.
"""

from ..utils.lazy import lazy_names

_HOMES = {
    'write_as_keypoint_set': 'as_keypoint_set',
    'GENERATOR_VERSION': 'settings',
    'PeopleSettings': 'settings',
    'is_complete': 'dataset',
    'write_dataset': 'dataset',
    'prepare_dataset': 'prepare',
    'PersonLabel': 'scene',
    'Scene': 'scene',
    'draw_scene': 'scene',
    'DrawnVideo': 'video',
    'FrameTruth': 'video',
    'VideoSettings': 'video_settings',
    'drawn_video': 'video',
    'observe': 'observing',
    'truth_of_video': 'video',
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
