"""The hook draws every image once, with all its people."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmengine.structures import InstanceData

from mmpose_dark.keypoint_sets.definitions import parse_pose_metainfo
from mmpose_dark.registry import HOOKS
from mmpose_dark.structures import PoseDataSample
from mmpose_dark.visualization import PoseLocalVisualizer


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for name in ('one/0001.png', 'two/0001.png', 'two/0002.tif'):
        (tmp_path / 'images' / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / 'images' / name), np.full((60, 80, 3), 50, np.uint8))
    return tmp_path / 'images'


@pytest.fixture
def runner(tmp_path: Path, images: Path) -> SimpleNamespace:
    dataset = SimpleNamespace(
        metainfo=parse_pose_metainfo(dict(from_file='coco')), data_prefix=dict(img=str(images)), pipeline=None
    )
    loader = SimpleNamespace(dataset=dataset)
    return SimpleNamespace(
        visualizer=PoseLocalVisualizer(
            'hook', vis_backends=dict(type='LocalVisBackend'), save_dir=str(tmp_path / 'vis')
        ),
        work_dir=str(tmp_path / 'work'),
        timestamp='now',
        iter=100,
        test_dataloader=loader,
        val_dataloader=loader,
        logger=SimpleNamespace(info=lambda text: None),
    )


def person(path: Path, x: float, score: float = 1.0) -> PoseDataSample:
    sample = PoseDataSample(metainfo=dict(img_path=str(path)))
    sample.pred_instances = InstanceData(
        keypoints=np.tile([x, 30.0], (1, 17, 1)), keypoint_scores=np.ones((1, 17)),
        bboxes=np.array([[1, 1, 50, 50.0]]), bbox_scores=np.array([score]),
    )  # fmt: skip
    return sample


def run_test(hook: object, runner: SimpleNamespace, batches: list[list[PoseDataSample]]) -> None:
    hook.before_test_epoch(runner)
    for i, batch in enumerate(batches):
        hook.after_test_iter(runner, i, data_batch=None, outputs=batch)
    hook.after_test_epoch(runner)


def batches(images: Path) -> list[list[PoseDataSample]]:
    """Three images; the people of the second come in two batches."""
    a, b, c = images / 'one' / '0001.png', images / 'two' / '0001.png', images / 'two' / '0002.tif'
    return [[person(a, 20), person(b, 20)], [person(b, 60), person(b, 40, score=0.1)], [person(c, 20)]]


def test_one_file_an_image_with_all_its_people(images: Path, runner: SimpleNamespace, tmp_path: Path) -> None:
    hook = HOOKS.build(dict(type='PoseVisualizationHook', enable=True, interval=1, out_dir=str(tmp_path / 'show')))
    run_test(hook, runner, batches(images))
    files = sorted(p.relative_to(tmp_path / 'show').as_posix() for p in (tmp_path / 'show').rglob('*.*'))
    assert files == ['one/0001.png', 'two/0001.png', 'two/0002.jpg']
    drawn = cv2.imread(str(tmp_path / 'show' / 'two' / '0001.png'))
    assert (drawn[30, 20] != 50).any()
    assert (drawn[30, 60] != 50).any()
    np.testing.assert_array_equal(drawn[30, 40], 50)  # its box is scored too low


def test_interval_and_relative_folder(images: Path, runner: SimpleNamespace, tmp_path: Path) -> None:
    hook = HOOKS.build(dict(type='PoseVisualizationHook', enable=True, interval=2, out_dir='show'))
    run_test(hook, runner, batches(images))
    files = sorted(p.name for p in (tmp_path / 'work' / 'now' / 'show').rglob('*.*'))
    assert files == ['0001.png', '0002.jpg']  # the first and the third


def test_same_name_outside_the_image_folder_is_numbered(images: Path, runner: SimpleNamespace, tmp_path: Path) -> None:
    runner.test_dataloader.dataset.data_prefix = {}
    hook = HOOKS.build(dict(type='PoseVisualizationHook', enable=True, interval=1, out_dir=str(tmp_path / 'show')))
    run_test(hook, runner, batches(images))
    assert sorted(p.name for p in (tmp_path / 'show').iterdir()) == ['0001.png', '0001_2.png', '0002.jpg']


def test_without_folder_images_go_to_the_backends(images: Path, runner: SimpleNamespace, tmp_path: Path) -> None:
    hook = HOOKS.build(dict(type='PoseVisualizationHook', enable=True, interval=1))
    run_test(hook, runner, batches(images))
    assert sorted(p.name for p in (tmp_path / 'vis').rglob('*.png')) == [
        'test_img_0.png',
        'test_img_1.png',
        'test_img_2.png',
    ]


def test_validation_draws_the_first_image_of_a_batch(images: Path, runner: SimpleNamespace, tmp_path: Path) -> None:
    hook = HOOKS.build(dict(type='PoseVisualizationHook', enable=True, interval=2))
    for i, batch in enumerate(batches(images)):
        hook.after_val_iter(runner, i, data_batch=None, outputs=batch)
    assert sorted(p.name for p in (tmp_path / 'vis').rglob('*.png')) == ['val_img_100.png', 'val_img_102.png']


def test_switched_off_it_does_nothing(images: Path, runner: SimpleNamespace, tmp_path: Path) -> None:
    hook = HOOKS.build(dict(type='PoseVisualizationHook', interval=1, out_dir=str(tmp_path / 'show')))
    run_test(hook, runner, batches(images))
    hook.after_val_iter(runner, 0, outputs=batches(images)[0])
    assert not (tmp_path / 'show').exists()
    assert not list((tmp_path / 'vis').rglob('*.png'))


def test_interval_must_be_positive() -> None:
    with pytest.raises(ValueError, match='interval'):
        HOOKS.build(dict(type='PoseVisualizationHook', interval=0))
