"""What a user imports: build a model, run it on pictures."""

from .boxes import BoxError, check_boxes, read_boxes
from .config_lookup import find_config, list_configs
from .images import find_images
from .inference import inference_topdown
from .inferencer import ImageResult, Inferencer
from .model import dataset_meta_from_config, init_model
from .results import coco_results, result_record

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
