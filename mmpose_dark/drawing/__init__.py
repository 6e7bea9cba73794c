"""Drawing on images: boxes, keypoints, skeletons and ellipses, as functions of arrays that know nothing else here."""

from .boxes import draw_bboxes
from .ellipses import draw_covariances
from .files import write_image
from .keypoints import draw_keypoints, draw_people, draw_skeleton
from .poses import draw_poses

__all__ = [
    'draw_bboxes',
    'draw_covariances',
    'draw_keypoints',
    'draw_people',
    'draw_poses',
    'draw_skeleton',
    'write_image',
]
