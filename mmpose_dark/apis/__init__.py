"""mmpose 1.x's place for what a user imports; everything is defined in ``config`` and ``inference``.

The names are imported on first use, as those two do.
"""

from .. import config as _config
from .. import inference as _inference

__all__ = [
    'BoxError',
    'ImageResult',
    'Inferencer',
    'check_boxes',
    'coco_results',
    'dataset_meta_from_config',
    'find_config',
    'find_images',
    'inference_topdown',
    'init_model',
    'list_configs',
    'read_boxes',
    'result_record',
]

_OF_CONFIG = ('find_config', 'list_configs')


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(_config if name in _OF_CONFIG else _inference, name)


def __dir__() -> list[str]:
    return sorted(__all__)
