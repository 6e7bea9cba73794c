"""MPII: 16 keypoints; sigmas are adapted from COCO, the dataset is scored by PCKh."""

from ..building import links, middle, numbered, taken
from .coco import dataset_info as _coco

dataset_info = dict(
    dataset_name='mpii',
    paper_info=dict(
        author='Andriluka, Mykhaylo and Pishchulin, Leonid and Gehler, Peter and Schiele, Bernt',
        title='2D human pose estimation: New benchmark and state of the art analysis',
        container='Conference on Computer Vision and Pattern Recognition',
        year='2014',
        homepage='http://human-pose.mpi-inf.mpg.de/',
    ),
    keypoint_info=numbered(
        [
            *taken(_coco, 'right_ankle', 'right_knee', 'right_hip', 'left_hip', 'left_knee', 'left_ankle'),
            middle('pelvis', 'lower'),
            middle('thorax', 'upper'),
            middle('upper_neck', 'upper'),
            middle('head_top', 'upper'),
            *taken(_coco, 'right_wrist', 'right_elbow', 'right_shoulder', 'left_shoulder', 'left_elbow', 'left_wrist'),
        ]
    ),
    skeleton_info=links(
        [
            ('right_ankle', 'right_knee'),
            ('right_knee', 'right_hip'),
            ('right_hip', 'pelvis'),
            ('pelvis', 'left_hip'),
            ('left_hip', 'left_knee'),
            ('left_knee', 'left_ankle'),
            ('pelvis', 'thorax'),
            ('thorax', 'upper_neck'),
            ('upper_neck', 'head_top'),
            ('upper_neck', 'right_shoulder'),
            ('right_shoulder', 'right_elbow'),
            ('right_elbow', 'right_wrist'),
            ('upper_neck', 'left_shoulder'),
            ('left_shoulder', 'left_elbow'),
            ('left_elbow', 'left_wrist'),
        ]
    ),
    joint_weights=[1.5, 1.2, 1.0, 1.0, 1.2, 1.5, 1.0, 1.0, 1.0, 1.0, 1.5, 1.2, 1.0, 1.0, 1.2, 1.5],
    sigmas=[
        *(0.089, 0.083, 0.107, 0.107, 0.083, 0.089),
        *(0.026, 0.026, 0.026, 0.026),
        *(0.062, 0.072, 0.179, 0.179, 0.072, 0.062),
    ],
)
