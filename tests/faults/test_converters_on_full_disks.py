"""Converters of datasets on a disk that is full, and to places that cannot be written."""

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from full_disk import full_disk
from scipy.io import savemat

from mmpose_dark.utils.errors import UserError

FOLDER = Path(__file__).resolve().parents[2] / 'tools' / 'dataset_converters'
pytestmark = pytest.mark.skipif(not sys.platform.startswith('linux'), reason='limits on the size of files')


@pytest.fixture
def convert(monkeypatch) -> Callable:
    monkeypatch.syspath_prepend(str(FOLDER))
    return lambda name, *words: importlib.import_module(name).main([str(word) for word in words])


def _images(folder: Path, names: list[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        cv2.imwrite(str(folder / name), np.zeros((120, 100, 3), np.uint8))
    return folder


def _coco2yolo(source: Path, coco: object) -> list:
    return ['{out}', '--train', coco.ann_file, coco.root / coco.img_dir, '--images', 'copy', '--force']


def _yolo2coco(source: Path, coco: object) -> list:
    content = importlib.import_module('coco2yolo_pose')
    content.main([str(source / 'yolo'), '--train', coco.ann_file, str(coco.root / coco.img_dir)])
    return [source / 'yolo' / 'data.yaml', '{out}', '--force', '--workers', 1]


def _lspet(source: Path, coco: object) -> list:
    joints = np.random.default_rng(0).uniform(10, 90, (14, 3, 20))
    joints[:, 2] = 1
    savemat(source / 'joints.mat', dict(joints=joints))
    images = _images(source / 'images', [f'im{n + 1:05d}.jpg' for n in range(20)])
    return [source / 'joints.mat', images, '{out}', '--force', '--workers', 1]


def _aic(source: Path, coco: object) -> list:
    points = np.arange(42, dtype=float).reshape(14, 3)
    points[:, 2] = 1
    people = dict(human_annotations={}, keypoint_annotations={})
    for i in range(30):
        people['human_annotations'][f'human{i + 1}'] = [10, 20, 60, 90]
        people['keypoint_annotations'][f'human{i + 1}'] = points.ravel().tolist()
    (source / 'authors.json').write_text(json.dumps([dict(people, image_id='a')]))
    return [source / 'authors.json', _images(source / 'images', ['a.jpg']), '{out}/a.json', '--force', '--workers', 1]


def _posetrack(source: Path, coco: object) -> list:
    images = [dict(id=i, file_name=f'{i}.jpg', width=50, height=50, is_labeled=True) for i in range(40)]
    people = [
        dict(id=i, image_id=i, keypoints=[1.0] * 51, bbox=[1, 1, 9, 9], track_id=0, category_id=1) for i in range(40)
    ]
    (source / 'in').mkdir()
    (source / 'in' / 'a.json').write_text(json.dumps(dict(images=images, annotations=people)))
    return [source / 'in', '{out}/a.json', '--force']


CONVERTERS = {
    'coco2yolo_pose': _coco2yolo,
    'yolo_pose2coco': _yolo2coco,
    'lspet2coco': _lspet,
    'aic2coco': _aic,
    'posetrack18_merge': _posetrack,
}


def _content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob('*') if path.is_file()}


@pytest.mark.parametrize('name', CONVERTERS)
@pytest.mark.parametrize('room', [0, 100])
def test_full_disks(name, room, convert, tiny_coco, tmp_path, capsys):
    """One line with the place; what another conversion wrote stays, and nothing half is left."""
    (tmp_path / 'source').mkdir()
    words = [str(word).format(out=tmp_path / 'out') for word in CONVERTERS[name](tmp_path / 'source', tiny_coco)]
    for before in (False, True):
        if before:
            convert(name, *words)
        old = _content(tmp_path / 'out')
        assert bool(old) == before
        with full_disk(room), pytest.raises(UserError) as raised:
            convert(name, *words)
        assert str(tmp_path / 'out') in str(raised.value)
        assert 'File too large' in str(raised.value)
        assert '\n' not in str(raised.value)
        assert _content(tmp_path / 'out') == old


@pytest.mark.parametrize('name', CONVERTERS)
def test_places_that_cannot_be_written(name, convert, tiny_coco, tmp_path, capsys):
    (tmp_path / 'source').mkdir()
    (tmp_path / 'blocked').write_text('mine')
    words = CONVERTERS[name](tmp_path / 'source', tiny_coco)
    for place in (tmp_path / 'blocked', Path('/proc/none')):
        with pytest.raises(UserError) as raised:
            convert(name, *(str(word).format(out=place / 'a') for word in words))
        assert str(place) in str(raised.value)
        assert '\n' not in str(raised.value)
    assert (tmp_path / 'blocked').read_text() == 'mine'
