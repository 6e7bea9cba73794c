"""Annotation, detection and result files: one reader, one kind of error, and the constants that such files imply."""

from .areas import AREA_OF_BOX, area_of_box
from .box_records import DETECTION_FIELDS, RESULT_FIELDS, normal_list, read_detections, require_fields
from .categories import PERSON, person_category
from .coco_file import (
    CocoContent,
    coco_lists,
    finite_numbers,
    group_by_image,
    index_images,
    keypoint_triplets,
    normal_coco,
    read_coco,
)
from .errors import AnnotationError, MissingAnnotationError
from .gc_pause import without_garbage_collection
from .head_size import HEAD_SIZE_OF_DIAGONAL, head_sizes_of_boxes, head_sizes_of_corners
from .json_file import parse_json, read_json
from .mat_file import read_mat
from .people import is_labelled, require_box

__all__ = [
    'AREA_OF_BOX',
    'DETECTION_FIELDS',
    'HEAD_SIZE_OF_DIAGONAL',
    'PERSON',
    'RESULT_FIELDS',
    'AnnotationError',
    'CocoContent',
    'MissingAnnotationError',
    'area_of_box',
    'coco_lists',
    'finite_numbers',
    'group_by_image',
    'head_sizes_of_boxes',
    'head_sizes_of_corners',
    'index_images',
    'is_labelled',
    'keypoint_triplets',
    'normal_coco',
    'normal_list',
    'parse_json',
    'person_category',
    'read_coco',
    'read_detections',
    'read_json',
    'read_mat',
    'require_box',
    'require_fields',
    'without_garbage_collection',
]
