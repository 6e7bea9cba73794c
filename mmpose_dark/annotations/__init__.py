"""Annotation, detection and result files: one reader, one kind of error, and the constants that such files imply."""

from .areas import AREA_OF_BOX, area_of_box
from .coco_file import (
    coco_lists,
    finite_numbers,
    group_by_image,
    index_images,
    keypoint_triplets,
    read_coco,
    read_detections,
    require_fields,
)
from .errors import AnnotationError, MissingAnnotationError
from .gc_pause import without_garbage_collection
from .head_size import HEAD_SIZE_OF_DIAGONAL, head_sizes_of_boxes, head_sizes_of_corners
from .json_file import parse_json, read_json
from .mat_file import read_mat

__all__ = [
    'AREA_OF_BOX',
    'HEAD_SIZE_OF_DIAGONAL',
    'AnnotationError',
    'MissingAnnotationError',
    'area_of_box',
    'coco_lists',
    'finite_numbers',
    'group_by_image',
    'head_sizes_of_boxes',
    'head_sizes_of_corners',
    'index_images',
    'keypoint_triplets',
    'parse_json',
    'read_coco',
    'read_detections',
    'read_json',
    'read_mat',
    'require_fields',
    'without_garbage_collection',
]
