"""PoseTrack18: COCO's 17 keypoints with two of the head in the place of the eyes; both ears are never annotated."""

from ..building import links, middle, numbered
from .coco import dataset_info as _coco

_POINTS = _coco['keypoint_info']

dataset_info = dict(
    _coco,
    dataset_name='posetrack18',
    paper_info=dict(
        author='Andriluka, Mykhaylo and Iqbal, Umar and Insafutdinov, Eldar and others',
        title='PoseTrack: A benchmark for human pose estimation and tracking',
        container='Conference on Computer Vision and Pattern Recognition',
        year='2018',
        homepage='https://posetrack.net/',
    ),
    keypoint_info=numbered(
        [_POINTS[0], middle('head_bottom', 'upper'), middle('head_top', 'upper'), *(_POINTS[i] for i in range(3, 17))]
    ),
    skeleton_info={
        **{i: _coco['skeleton_info'][i] for i in range(12)},  # limbs and trunk
        **links(
            [
                ('nose', 'head_bottom'),
                ('nose', 'head_top'),
                ('head_bottom', 'left_shoulder'),
                ('head_bottom', 'right_shoulder'),
            ],
            first=12,
        ),
    },
)
