"""From images and boxes to poses: model, sources, boxes, the stages of the inferencer, records and writers.

The names are imported on first use: to find images or to read boxes, no torch is needed.
"""

from ..utils.lazy import lazy_names

_HOMES = {
    'BoxError': 'boxes',
    'BoxFile': 'box_files',
    'BoxSource': 'boxes',
    'GivenBoxes': 'boxes',
    'ImageResult': 'results',
    'Inferencer': 'inferencer',
    'OnnxDetector': 'detectors',
    'WholeImage': 'boxes',
    'check_boxes': 'boxes',
    'coco_results': 'records',
    'dataset_meta_from_config': 'model',
    'find_images': 'sources',
    'inference_topdown': 'topdown',
    'init_model': 'model',
    'passed_over': 'sources',
    'read_boxes': 'box_files',
    'result_record': 'records',
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
