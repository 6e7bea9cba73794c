"""CrowdPose: COCO's 12 keypoints of trunk and limbs, head and neck; the joint weights are the ones of mmpose."""

from ..building import links, middle, numbered
from .coco import dataset_info as _coco

dataset_info = dict(
    dataset_name='crowdpose',
    paper_info=dict(
        author='Li, Jiefeng and Wang, Can and Zhu, Hao and others',
        title='CrowdPose: Efficient crowded scenes pose estimation and a new benchmark',
        container='Conference on Computer Vision and Pattern Recognition',
        year='2019',
        homepage='https://github.com/Jeff-sjtu/CrowdPose',
    ),
    keypoint_info=numbered(
        [*(_coco['keypoint_info'][i] for i in range(5, 17)), middle('top_head', 'upper'), middle('neck', 'upper')]
    ),
    skeleton_info={
        **{i: _coco['skeleton_info'][i] for i in range(12)},  # limbs and trunk
        **links([('top_head', 'neck'), ('right_shoulder', 'neck'), ('left_shoulder', 'neck')], first=12),
    },
    joint_weights=[0.2, 0.2, 0.2, 1.3, 1.5, 0.2, 1.3, 1.5, 0.2, 0.2, 0.5, 0.2, 0.2, 0.5],
    sigmas=[*_coco['sigmas'][5:], 0.079, 0.079],
)
