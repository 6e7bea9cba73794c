"""mmpose's inferencers: a generator of ``dict(predictions, visualization)``, equal to the inferencer here."""

import json

import cv2
import numpy as np
import pytest

from mmpose_dark.apis import (
    MMPoseInferencer,
    Pose2DInferencer,
    get_model_aliases,
    inference_topdown,
    init_model,
    list_configs,
    visualize,
)
from mmpose_dark.utils.errors import InputError
from mmpose_dark.visualization import FastVisualizer


@pytest.fixture(scope='module')
def images(tiny_coco) -> list[str]:
    return sorted(str(path) for path in (tiny_coco.root / 'images').iterdir())[:3]


@pytest.fixture(scope='module')
def inferencer(tiny_config, tiny_checkpoint) -> MMPoseInferencer:
    return MMPoseInferencer(tiny_config, tiny_checkpoint, device='cpu')


def test_predictions_are_those_of_inference_topdown(inferencer, images, tiny_config, tiny_checkpoint, tmp_path) -> None:
    results = inferencer(images, out_dir=str(tmp_path), return_vis=True)
    assert iter(results) is results
    model = init_model(tiny_config, tiny_checkpoint)
    for path, result in zip(images, results, strict=True):
        assert set(result) == {'predictions', 'visualization'}
        ((person,),) = result['predictions']
        (expected,) = inference_topdown(model, path)
        np.testing.assert_allclose(person['keypoints'], expected.pred_instances.keypoints[0], atol=1e-3)
        np.testing.assert_allclose(person['keypoint_scores'], expected.pred_instances.keypoint_scores[0], atol=1e-5)
        height, width = cv2.imread(path).shape[:2]
        assert person['bbox'] == ([0, 0, width, height],)
        (drawn,) = result['visualization']
        assert drawn.shape == (height, width, 3)
    names = {path.rsplit('/', 1)[1].rsplit('.', 1)[0] for path in images}
    assert {path.stem for path in (tmp_path / 'visualizations').iterdir()} == names
    written = {path.stem: json.loads(path.read_text()) for path in (tmp_path / 'predictions').iterdir()}
    assert set(written) == names
    assert all(len(people) == 1 and len(people[0]['keypoints']) == 17 for people in written.values())


def test_batches_boxes_and_samples(inferencer, images) -> None:
    boxes = [[[0, 0, 20, 30], [5, 5, 30, 40]], np.zeros((0, 4)), [[0, 0, 20, 30]]]
    first, second = inferencer(images, bboxes=boxes, batch_size=2)
    assert [len(people) for people in first['predictions'] + second['predictions']] == [2, 0, 1]
    assert first['visualization'] is None
    (result,) = inferencer(cv2.imread(images[0]), return_datasamples=True)
    (sample,) = result['predictions']
    assert sample.pred_instances.keypoints.shape == (1, 17, 2)


def test_a_function_is_a_detector(tiny_config, tiny_checkpoint, images) -> None:
    detector = lambda image, path: np.array([[0.0, 0.0, 20.0, 30.0, 0.5]])  # noqa: E731
    found = Pose2DInferencer(tiny_config, tiny_checkpoint, 'cpu', det_model=detector)(images[0])
    ((person,),) = next(found)['predictions']
    assert person['bbox_score'] == 0.5


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(det_model='rtmdet'), 'there is no detector here'),
        (dict(pose3d='human3d'), '3-D poses are not here'),
        (dict(pose2d=None), 'needs pose2d'),
        (dict(pose2d_weights=None), 'no weights are published'),
    ],
)
def test_what_is_not_here_is_refused(tiny_config, tiny_checkpoint, arguments, message) -> None:
    with pytest.raises(InputError, match=message):
        MMPoseInferencer(**{'pose2d': tiny_config, 'pose2d_weights': tiny_checkpoint, 'device': 'cpu', **arguments})


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(kpt_threshold=1), "unexpected argument 'kpt_threshold'"),
        (dict(skeleton_style='openpose'), 'skeleton_style'),
        (dict(use_oks_tracking=True), 'use_oks_tracking'),
    ],
)
def test_arguments_of_a_call(inferencer, images, arguments, message) -> None:
    with pytest.raises(InputError, match=message):
        inferencer(images, **arguments)
    with pytest.raises(InputError, match='webcams'):
        inferencer('webcam:0')


def test_aliases_are_configs() -> None:
    assert set(get_model_aliases().values()) <= set(list_configs())


def test_drawing() -> None:
    image, points = np.zeros((40, 40, 3), np.uint8), np.full((1, 17, 2), 20.0)
    drawn = visualize(image, points, np.ones((1, 17)), metainfo='coco')
    assert drawn.shape == image.shape
    assert drawn[20, 20].any()
    assert not image.any()
    from mmengine.structures import InstanceData

    from mmpose_dark.keypoint_sets import parse_pose_metainfo

    people = InstanceData(keypoints=points, keypoint_scores=np.ones((1, 17)))
    painter = FastVisualizer(parse_pose_metainfo(dict(from_file='coco')))
    painter.draw_pose(image, people)
    assert image[20, 20].any()
    painter.draw_points(image, None)
