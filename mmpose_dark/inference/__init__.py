"""From images and boxes to poses: model, sources, boxes, the stages of the inferencer, writers."""

from .boxes import BoxError, check_boxes, read_boxes
from .inferencer import ImageResult, Inferencer
from .model import dataset_meta_from_config, init_model
from .records import coco_results, result_record
from .sources import find_images
from .topdown import inference_topdown

__all__ = [
    'BoxError',
    'ImageResult',
    'Inferencer',
    'check_boxes',
    'coco_results',
    'dataset_meta_from_config',
    'find_images',
    'inference_topdown',
    'init_model',
    'read_boxes',
    'result_record',
]
