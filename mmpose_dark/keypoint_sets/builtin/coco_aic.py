"""COCO and AIC together: COCO's 17 keypoints, then AIC's top of the head and neck (mmpose's "combine" recipes)."""

from ..building import links, middle, numbered
from .coco import dataset_info as _coco

dataset_info = dict(
    dataset_name='coco_aic',
    paper_info=_coco['paper_info'],
    keypoint_info=numbered([*_coco['keypoint_info'].values(), middle('head_top', 'upper'), middle('neck', 'upper')]),
    skeleton_info={**_coco['skeleton_info'], **links([('head_top', 'neck')], first=19)},
    joint_weights=[*_coco['joint_weights'], 1.5, 1.5],  # mmpose has 1.5 for the 18th and none for the 19th
    sigmas=[*_coco['sigmas'], 0.026, 0.026],
)
