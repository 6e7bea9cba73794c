"""Drawings of what the network is fed."""

from types import SimpleNamespace

import numpy as np
import pytest

from mmpose_dark.codecs import MSRAHeatmap
from mmpose_dark.datasets import CocoDataset
from mmpose_dark.visualization.network_input import draw_input, draw_target, draw_target_grid, unpack_sample

CODEC = dict(type='MSRAHeatmap', input_size=(96, 128), heatmap_size=(24, 32), sigma=1.0, unbiased=True)
STEPS = [dict(type='LoadImage'), dict(type='GetBBoxCenterScale'), dict(type='TopdownAffine', input_size=(96, 128))]


def dataset(tiny_coco: SimpleNamespace, *more: dict) -> CocoDataset:
    return CocoDataset(
        ann_file=tiny_coco.ann_file,
        data_root=str(tiny_coco.root),
        data_prefix=dict(img=tiny_coco.img_dir),
        pipeline=[*STEPS, *more, dict(type='PackPoseInputs')],
    )


@pytest.fixture(scope='module')
def people(tiny_coco: SimpleNamespace) -> CocoDataset:
    return dataset(tiny_coco)


def test_target_is_the_same_made_by_pipeline_or_here(tiny_coco: SimpleNamespace, people: CocoDataset) -> None:
    codec = MSRAHeatmap(**{k: v for k, v in CODEC.items() if k != 'type'})
    made = dataset(tiny_coco, dict(type='GenerateTarget', encoder=CODEC))
    for i in range(len(people)):
        here, there = unpack_sample(people[i], codec), unpack_sample(made[i], None)
        np.testing.assert_array_equal(here.heatmaps, there.heatmaps)
        assert here.heatmaps.shape == (17, 32, 24)


def test_white_dots_of_the_image_lie_under_the_keypoints(people: CocoDataset) -> None:
    """tiny_coco paints a white disc at each labelled keypoint, so the crop must be white there."""
    fed = unpack_sample(people[0], None)
    seen = 0
    for (x, y), v in zip(fed.keypoints[0], fed.visible[0], strict=True):
        if v > 0 and 2 <= x < 94 and 2 <= y < 126:
            assert fed.crop[round(float(y)), round(float(x))].min() > 240
            seen += 1
    assert seen > 8
    assert fed.heatmaps is None


def test_drawings(people: CocoDataset) -> None:
    fed = unpack_sample(people[0], MSRAHeatmap((96, 128), (24, 32), 1.0))
    drawn, target = draw_input(fed, people.metainfo), draw_target(fed)
    assert drawn.shape == target.shape == (256, 192, 3)  # enlarged twice
    k = int(np.flatnonzero(fed.visible[0])[6])
    x, y = fed.keypoints[0, k] * 2 + 0.5
    np.testing.assert_array_equal(drawn[round(float(y)), round(float(x))], people.metainfo['keypoint_colors'][k])
    assert target[round(float(y)), round(float(x)), 0] > 100
    assert draw_target_grid(fed, people.metainfo).shape[1] > 9 * 192


def test_without_target(people: CocoDataset) -> None:
    fed = unpack_sample(people[0], None)
    assert draw_target(fed).shape == (256, 192, 3)
    with pytest.raises(ValueError, match='no target'):
        draw_target_grid(fed, people.metainfo)
