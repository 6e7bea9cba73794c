"""The hook draws and lists the people that are far off, and no others."""

import errno
import json
import os
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmengine.structures import InstanceData

from mmpose_dark.registry import HOOKS
from mmpose_dark.structures import PoseDataSample
from mmpose_dark.utils.errors import InputError, OutputError


def person(path: Path, off: float, visible: float = 1.0) -> PoseDataSample:
    """Somebody at (20, 30) who was found ``off`` pixels to the right."""
    sample = PoseDataSample(metainfo=dict(img_path=str(path)))
    annotated = np.tile([20.0, 30.0], (1, 17, 1))
    sample.gt_instances = InstanceData(
        keypoints=annotated, keypoints_visible=np.full((1, 17), visible), bboxes=np.array([[10, 10, 50, 50.0]])
    )
    sample.pred_instances = InstanceData(
        keypoints=np.add(annotated, [off, 0.0]), keypoint_scores=np.ones((1, 17)),
        bboxes=np.array([[10, 10, 50, 50.0]]), bbox_scores=np.ones(1),
    )  # fmt: skip
    return sample


def run_test(runner: SimpleNamespace, people: list[PoseDataSample], **settings: object) -> list[str]:
    told: list[str] = []
    runner.logger.info = runner.logger.error = told.append
    runner.test_evaluator = SimpleNamespace(dataset_meta=runner.test_dataloader.dataset.metainfo)
    hook = HOOKS.build(dict(type='BadCaseAnalysisHook', enable=True, **settings))
    hook.before_run(runner)
    hook.before_test_epoch(runner)
    for i, sample in enumerate(people):
        hook.after_test_iter(runner, i, data_batch=None, outputs=[sample])
    hook.after_test_epoch(runner)
    return told


def listed(folder: Path) -> list[dict]:
    return json.loads((folder / 'results.json').read_text())


def test_a_loss_from_the_threshold_on_is_bad(images: Path, runner: SimpleNamespace, tmp_path: Path) -> None:
    """The loss is the mean over x and y of the squared error, here half the square of the shift."""
    paths = sorted(images.rglob('*.*'))
    people = [person(paths[0], 2), person(paths[1], 4), person(paths[2], 40), person(paths[2], 40, visible=0)]
    told = run_test(runner, people, out_dir=str(tmp_path / 'bad'), badcase_thr=8)
    assert [(c['img'], c['KeypointMSELoss']) for c in listed(tmp_path / 'bad')] == [
        (str(paths[1]), 8.0),
        (str(paths[2]), 800.0),
    ]
    drawings = [p for p in (tmp_path / 'bad').rglob('*.*') if p.suffix != '.json']
    assert len(drawings) == 2
    assert all((cv2.imread(str(p)) != 50).any() for p in drawings)
    assert told == [f'2 people are bad cases by KeypointMSELoss, listed in {tmp_path / "bad" / "results.json"}']


def test_a_metric_up_to_the_threshold_is_bad(images: Path, runner: SimpleNamespace, tmp_path: Path) -> None:
    path = images / 'one' / '0001.png'
    settings = dict(metric_type='accuracy', metric=dict(type='PCKAccuracy', thr=0.1), badcase_thr=0.5)
    run_test(runner, [person(path, 0), person(path, 30)], out_dir=str(tmp_path / 'bad'), **settings)
    assert [c['PCK'] for c in listed(tmp_path / 'bad')] == [0.0]


def test_switched_off_it_does_nothing(images: Path, runner: SimpleNamespace, tmp_path: Path) -> None:
    hook = HOOKS.build(dict(type='BadCaseAnalysisHook', out_dir=str(tmp_path / 'bad')))
    hook.before_run(runner)
    hook.after_test_iter(runner, 0, outputs=[person(images / 'one' / '0001.png', 90)])
    hook.after_test_epoch(runner)
    assert not (tmp_path / 'bad').exists()


def test_a_full_disk_ends_the_drawing_and_not_the_test(
    images: Path, runner: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr('mmpose_dark.utils.atomic_file._sync', full)
    told = run_test(runner, [person(images / 'one' / '0001.png', 90)] * 2, out_dir=str(tmp_path / 'bad'))
    assert not list((tmp_path / 'bad').rglob('*.*'))
    assert 'No space left' in told[0]
    assert told[1:] == ['2 people are bad cases by KeypointMSELoss']


def test_a_folder_that_cannot_be_written_is_told_before_the_run(runner: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    with pytest.raises(OutputError, match=r'cannot be written \(Not a directory\)'):
        run_test(runner, [], out_dir=str(tmp_path / 'file' / 'bad'))


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(metric_type='error'), "metric_type must be one of .*'error'"),
        (dict(metric=dict(type='KeypointOHKMMSELoss')), 'KeypointMSELoss.*KeypointOHKMMSELoss'),
    ],
)
def test_another_measure_is_refused(settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        HOOKS.build(dict(type='BadCaseAnalysisHook', enable=True, **settings))
