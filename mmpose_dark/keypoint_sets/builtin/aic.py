"""AI Challenger: 14 keypoints; sigmas are half of the delta of its evaluation script."""

from ..building import links, middle, numbered, taken
from .coco import dataset_info as _coco

dataset_info = dict(
    dataset_name='aic',
    paper_info=dict(
        author='Wu, Jiahong and Zheng, He and Zhao, Bo and others',
        title='AI Challenger: A large-scale dataset for going deeper in image understanding',
        container='arXiv:1711.06475',
        year='2017',
        homepage='https://github.com/AIChallenger/AI_Challenger_2017',
    ),
    keypoint_info=numbered(
        [
            *taken(_coco, 'right_shoulder', 'right_elbow', 'right_wrist', 'left_shoulder', 'left_elbow', 'left_wrist'),
            *taken(_coco, 'right_hip', 'right_knee', 'right_ankle', 'left_hip', 'left_knee', 'left_ankle'),
            middle('head_top', 'upper'),
            middle('neck', 'upper'),
        ]
    ),
    skeleton_info=links(
        [
            ('right_wrist', 'right_elbow'),
            ('right_elbow', 'right_shoulder'),
            ('right_shoulder', 'neck'),
            ('neck', 'left_shoulder'),
            ('left_shoulder', 'left_elbow'),
            ('left_elbow', 'left_wrist'),
            ('right_ankle', 'right_knee'),
            ('right_knee', 'right_hip'),
            ('right_hip', 'left_hip'),
            ('left_hip', 'left_knee'),
            ('left_knee', 'left_ankle'),
            ('head_top', 'neck'),
            ('right_shoulder', 'right_hip'),
            ('left_shoulder', 'left_hip'),
        ]
    ),
    joint_weights=[1.0, 1.2, 1.5, 1.0, 1.2, 1.5, 1.0, 1.2, 1.5, 1.0, 1.2, 1.5, 1.0, 1.0],
    sigmas=[
        *(0.01388152, 0.01515228, 0.01057665, 0.01417709, 0.01497891, 0.01402144),
        *(0.03909642, 0.03686941, 0.01981803, 0.03843971, 0.03412318, 0.02415081),
        *(0.01291456, 0.01236173),
    ],
)
