"""The hook draws every image once, with all its people."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmengine.structures import InstanceData

from mmpose_dark.registry import HOOKS
from mmpose_dark.structures import PoseDataSample
from mmpose_dark.utils.errors import OutputError


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


def snapshot(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob('*.*') if path.is_file()}


@pytest.mark.parametrize('name', ['../../images/one/0001.png', '../../secret.png', '{absolute}', 'link/0001.png'])
def test_a_name_never_leads_out_of_the_folder(images: Path, runner: SimpleNamespace, tmp_path: Path, name: str) -> None:
    """The image folder and the folder of drawings lie beside each other, as in a work folder."""
    cv2.imwrite(str(tmp_path / 'secret.png'), np.full((60, 80, 3), 50, np.uint8))
    (tmp_path / 'show').mkdir()
    (tmp_path / 'show' / 'link').symlink_to(images / 'one')
    (images / 'link').symlink_to(images / 'one')
    before = snapshot(images) | {tmp_path / 'secret.png': (tmp_path / 'secret.png').read_bytes()}
    image = images / 'two' / name.format(absolute=tmp_path / 'secret.png')
    if name.startswith('link'):
        image = images / name
    hook = HOOKS.build(dict(type='PoseVisualizationHook', enable=True, interval=1, out_dir=str(tmp_path / 'show')))
    run_test(hook, runner, [[person(image, 20)]])
    assert {path: path.read_bytes() for path in before} == before
    (written,) = [p for p in (tmp_path / 'show').rglob('*.png') if not p.parent.is_symlink()]
    assert (cv2.imread(str(written))[30, 20] != 50).any()


def test_drawings_into_the_image_folder_replace_no_image(images: Path, runner: SimpleNamespace, tmp_path: Path) -> None:
    paths = [images / 'one' / '0001.png', images / 'two' / '0001.png']
    runner.test_dataloader.dataset.data_prefix = {}  # drawings are named after the files alone
    runner.test_dataloader.dataset.paths = paths
    before = snapshot(images)
    hook = HOOKS.build(dict(type='PoseVisualizationHook', enable=True, interval=1, out_dir=str(images / 'one')))
    run_test(hook, runner, [[person(paths[1], 20)], [person(paths[0], 20)]])
    assert {path: path.read_bytes() for path in before} == before
    assert sorted(p.name for p in (images / 'one').iterdir()) == ['0001.png', '0001_2.png', '0001_3.png']


def test_other_files_of_the_image_folder_are_not_replaced(images: Path, runner: SimpleNamespace) -> None:
    """Images that this dataset does not have, such as those of another split; the name leads to one of them."""
    cv2.imwrite(str(images / 'mine.png'), np.full((60, 80, 3), 50, np.uint8))
    cv2.imwrite(str(images.parent / 'mine.png'), np.full((60, 80, 3), 50, np.uint8))
    before = snapshot(images)
    hook = HOOKS.build(dict(type='PoseVisualizationHook', enable=True, interval=1, out_dir=str(images)))
    run_test(hook, runner, [[person(images / '..' / 'mine.png', 20)]])
    assert {path: path.read_bytes() for path in before} == before
    assert (images / 'mine_2.png').exists()


def test_a_folder_that_cannot_be_written_is_told_before_the_run(runner: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    hook = HOOKS.build(dict(type='PoseVisualizationHook', enable=True, out_dir=str(tmp_path / 'file' / 'show')))
    with pytest.raises(OutputError, match=r'cannot be written \(Not a directory\)'):
        hook.before_run(runner)


def test_a_full_disk_ends_the_drawing_and_not_the_test(
    images: Path, runner: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    runner.logger.error = runner.logger.info = told.append

    def full(path: Path) -> None:
        if '0002' in path.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr('mmpose_dark.utils.atomic_file._sync', full)
    hook = HOOKS.build(dict(type='PoseVisualizationHook', enable=True, interval=1, out_dir=str(tmp_path / 'show')))
    run_test(hook, runner, [*batches(images), [person(images / 'one' / '0001.png', 20)]])
    assert len(list((tmp_path / 'show').rglob('*.*'))) == 2
    assert any('no more images of predictions' in text and 'No space left' in text for text in told)
    assert any(text.startswith('2 images of predictions') for text in told)
