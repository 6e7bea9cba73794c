"""The visualizer of configs: settings, samples, files, backends."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData

from mmpose_dark.keypoint_sets.definitions import parse_pose_metainfo
from mmpose_dark.registry import VISUALIZERS
from mmpose_dark.structures import PoseDataSample
from mmpose_dark.visualization import PoseLocalVisualizer

COCO = parse_pose_metainfo(dict(from_file='coco'))
IMAGE = np.full((200, 300, 3), 90, np.uint8)


def sample_at(offset: float, *, center: tuple[float, float] = (150.0, 100.0)) -> PoseDataSample:
    """A sample whose 17 keypoints stand on a grid; labelled and predicted the same."""
    xy = np.array([[(20.0 * (k % 6) + offset, 30.0 * (k // 6) + 30) for k in range(17)]], np.float32)
    sample = PoseDataSample(metainfo=dict(input_center=np.array(center), input_scale=np.array([150.0, 200.0])))
    sample.gt_instances = InstanceData(keypoints=xy, keypoints_visible=np.ones((1, 17)), bboxes=np.ones((1, 4)))
    sample.pred_instances = InstanceData(
        keypoints=xy, keypoint_scores=np.ones((1, 17)), bboxes=np.array([[10, 10, 200, 180.0]]), bbox_scores=np.ones(1)
    )
    return sample


def changed(after: np.ndarray) -> np.ndarray:
    return (after != IMAGE).any(axis=-1)


def visualizer(**settings: object) -> PoseLocalVisualizer:
    made = PoseLocalVisualizer('test', **settings)
    made.set_dataset_meta(COCO)
    return made


def test_colours_come_from_the_definition_unless_given() -> None:
    drawn = visualizer(radius=4).add_datasample('x', IMAGE, sample_at(40), draw_gt=False)
    for k in range(17):
        x, y = 20 * (k % 6) + 40, 30 * (k // 6) + 30
        np.testing.assert_array_equal(drawn[y, x], COCO['keypoint_colors'][k])
    given = visualizer(radius=4, kpt_color='magenta').add_datasample('x', IMAGE, sample_at(40), draw_gt=False)
    np.testing.assert_array_equal(given[30, 40], (255, 0, 255))


def test_ground_truth_left_prediction_right() -> None:
    vis = visualizer()
    both = vis.add_datasample('x', IMAGE, sample_at(40))
    gt = vis.add_datasample('x', IMAGE, sample_at(40), draw_pred=False)
    assert both.shape[0] == 200
    assert both.shape[1] > 600
    np.testing.assert_array_equal(both[:, :300], gt)
    np.testing.assert_array_equal(vis.get_image(), gt)
    nothing = vis.add_datasample('x', IMAGE, sample_at(40), draw_gt=False, draw_pred=False)
    np.testing.assert_array_equal(nothing, IMAGE)


def test_people_of_one_image_are_drawn_together() -> None:
    vis = visualizer(radius=3)
    drawn = vis.add_datasample('x', IMAGE, [sample_at(20), sample_at(150)], draw_gt=False)
    assert changed(drawn)[30, 20]
    assert changed(drawn)[30, 150]
    np.testing.assert_array_equal(vis.add_datasample('x', IMAGE, [], draw_gt=False), IMAGE)


def test_unlabelled_keypoints_are_not_drawn() -> None:
    sample = sample_at(40)
    sample.gt_instances.keypoints_visible = np.zeros((1, 17))
    np.testing.assert_array_equal(visualizer().add_datasample('x', IMAGE, sample, draw_pred=False), IMAGE)


def test_boxes_on_request() -> None:
    drawn = visualizer(bbox_color='red').add_datasample('x', IMAGE, sample_at(60), draw_gt=False, draw_bbox=True)
    np.testing.assert_array_equal(drawn[170, 10], (255, 0, 0))
    assert not changed(visualizer().add_datasample('x', IMAGE, sample_at(60), draw_gt=False))[170, 10]


def test_heatmaps_lie_where_their_crops_are() -> None:
    left, right = sample_at(20, center=(60.0, 100.0)), sample_at(150, center=(220.0, 100.0))
    for sample in (left, right):
        maps = torch.zeros(17, 64, 48)
        maps[3, 32, 24] = 1.0  # the middle of the crop
        sample.pred_fields = PixelData(heatmaps=maps)
    drawn = visualizer().add_datasample('x', IMAGE, [left, right], draw_gt=False, draw_heatmap=True)
    assert drawn.shape == (400, 300, 3)
    heat = drawn[200:].astype(int)
    for x in (60, 220):
        assert heat[100, x, 0] > heat[100, x, 2] + 50
    np.testing.assert_array_equal(heat[100, 140], 54)  # between them: the darkened image


def test_part_of_the_keypoints_is_drawn_without_the_skeleton() -> None:
    sample = sample_at(40)
    sample.pred_instances = InstanceData(keypoints=np.array([[[50.0, 60], [80, 60]]]), keypoint_scores=np.ones((1, 2)))
    drawn = visualizer(radius=3).add_datasample('x', IMAGE, sample, draw_gt=False)
    assert changed(drawn)[60, 50]
    assert not changed(drawn)[60, 65]


def test_written_to_file_or_to_the_backends(tmp_path: Path) -> None:
    vis = visualizer(vis_backends=[dict(type='LocalVisBackend')], save_dir=str(tmp_path / 'run'))
    file = tmp_path / 'new' / 'folder' / 'drawn.png'
    drawn = vis.add_datasample('x', IMAGE, sample_at(40), draw_gt=False, out_file=file)
    np.testing.assert_array_equal(cv2.imread(str(file))[..., ::-1], drawn)
    assert not list((tmp_path / 'run').rglob('*.png'))
    vis.add_datasample('x', IMAGE, sample_at(40), draw_gt=False, step=3)
    (stored,) = (tmp_path / 'run').rglob('*.png')
    assert stored.name == 'x_3.png'
    np.testing.assert_array_equal(cv2.imread(str(stored))[..., ::-1], drawn)


def test_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r'drawn\.nosuchformat'):
        visualizer().add_datasample('x', IMAGE, sample_at(40), out_file=tmp_path / 'drawn.nosuchformat')


def test_drawing_methods_of_mmengine_work_on_top() -> None:
    vis = visualizer(image=IMAGE)
    np.testing.assert_array_equal(vis.get_image(), IMAGE)
    vis.draw_bboxes(np.array([20, 20, 80, 80]), edge_colors='r', line_widths=4)
    assert changed(vis.get_image()).any()
    vis.add_datasample('x', IMAGE, sample_at(40), draw_gt=False)
    vis.draw_points(np.array([[250, 180]]), colors='b', sizes=np.array([100]))
    shown = changed(vis.get_image())
    assert shown[180, 250]
    assert shown[30, 40]


@pytest.mark.slow
def test_built_from_a_config_and_without_matplotlib() -> None:
    assert isinstance(VISUALIZERS.build(dict(type='PoseLocalVisualizer', name='built')), PoseLocalVisualizer)
    code = (
        'import sys, numpy as np\n'
        'from mmpose_dark.visualization import PoseLocalVisualizer\n'
        'from mmpose_dark.structures import PoseDataSample\n'
        'PoseLocalVisualizer().add_datasample("x", np.zeros((9, 9, 3), np.uint8), PoseDataSample())\n'
        'assert "matplotlib" not in sys.modules\n'
    )
    subprocess.run([sys.executable, '-c', code], check=True, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize(
    ('call', 'message'),
    [
        (lambda: PoseLocalVisualizer(backend='matplotlib'), 'opencv'),
        (lambda: visualizer().set_dataset_meta(COCO, skeleton_style='openpose'), 'mmpose'),
        (lambda: visualizer().add_datasample('x', IMAGE, sample_at(4), skeleton_style='openpose'), 'mmpose'),
    ],
)
def test_what_is_not_supported_is_refused(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
