"""mmpose 1.x's place for what a user imports; everything is defined in ``config`` and ``inference``."""

from ..config import find_config, list_configs
from ..inference import (
    BoxError,
    ImageResult,
    Inferencer,
    check_boxes,
    coco_results,
    dataset_meta_from_config,
    find_images,
    inference_topdown,
    init_model,
    read_boxes,
    result_record,
)

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
