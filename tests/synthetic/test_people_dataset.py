"""The written dataset: repeatable, valid for every reader, true to its masks."""

import dataclasses
import errno
import json
import os
import pathlib
import subprocess
import sys

import cv2
import hotcoco
import numpy as np
import pytest

from mmpose_dark.synthetic import PeopleSettings, is_complete, write_dataset
from mmpose_dark.synthetic.dataset import encode_mask
from mmpose_dark.utils.errors import ExistsError, OutputError

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETTINGS = PeopleSettings(train=12, val=6, seed=3, width=160, height=120)


@pytest.fixture(scope='module')
def people(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    root = tmp_path_factory.mktemp('people')
    counts = write_dataset(root, SETTINGS, workers=1)
    assert counts['train'] > 0
    return root


def files(root: pathlib.Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob('*')) if p.is_file()}


def test_same_seed_same_bytes_whatever_the_number_of_processes(people: pathlib.Path, tmp_path: pathlib.Path) -> None:
    steps = []
    write_dataset(tmp_path, SETTINGS, workers=2, progress=lambda done, total: steps.append((done, total)))
    assert files(tmp_path) == files(people)
    assert steps == [(i + 1, 18) for i in range(18)]


def test_another_seed_gives_other_people_and_replaces_the_old(people: pathlib.Path, tmp_path: pathlib.Path) -> None:
    write_dataset(tmp_path, dataclasses.replace(SETTINGS, train=3, val=1), workers=1)
    first = files(tmp_path)
    assert first['images/train_000001.jpg'] == (people / 'images' / 'train_000001.jpg').read_bytes()
    write_dataset(tmp_path, dataclasses.replace(SETTINGS, train=2, val=1, seed=4), workers=1)
    second = files(tmp_path)
    assert 'images/train_000003.jpg' not in second
    assert first['images/train_000001.jpg'] != second['images/train_000001.jpg']


@pytest.mark.parametrize(
    'name', ['images/IMG_0001.jpg', 'images/train_000001.jpg', 'annotations/val.json', 'images/val_1.png']
)
def test_files_of_others_are_never_replaced(tmp_path: pathlib.Path, name: str) -> None:
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text('mine')
    for notes in (None, '{"mine": 1}', '[]'):
        if notes is not None:
            (tmp_path / 'people.json').write_text(notes)
        before = files(tmp_path)
        with pytest.raises(ExistsError, match='has files of another dataset, such as'):
            write_dataset(tmp_path, SETTINGS, workers=1)
        assert files(tmp_path) == before


def test_files_of_others_beside_drawn_ones_are_kept_too(tmp_path: pathlib.Path) -> None:
    small = dataclasses.replace(SETTINGS, train=1, val=1)
    write_dataset(tmp_path, small, workers=1)
    (tmp_path / 'images' / 'my_photo.jpg').write_text('mine')
    with pytest.raises(ExistsError, match=r'my_photo\.jpg'):
        write_dataset(tmp_path, small, workers=1)
    assert (tmp_path / 'images' / 'my_photo.jpg').read_text() == 'mine'


def test_an_interrupted_drawing_begins_anew(people: pathlib.Path, tmp_path: pathlib.Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_dataset(tmp_path, SETTINGS, workers=1, progress=stop)
    assert not is_complete(tmp_path, SETTINGS)
    write_dataset(tmp_path, SETTINGS, workers=1)
    assert files(tmp_path) == files(people)


def test_a_full_disk_is_told_and_leaves_no_cut_image(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: pathlib.Path) -> None:
        if 'train_000002' in path.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr('mmpose_dark.utils.atomic_file._sync', full)
    with pytest.raises(OutputError, match=r'train_000002\.jpg: could not be written \(No space left on device\)'):
        write_dataset(tmp_path, SETTINGS, workers=1)
    assert [path.name for path in (tmp_path / 'images').iterdir()] == ['train_000001.jpg']
    assert not is_complete(tmp_path, SETTINGS)


def test_complete_only_with_these_settings(people: pathlib.Path, tmp_path: pathlib.Path) -> None:
    assert is_complete(people, SETTINGS)
    assert not is_complete(people, dataclasses.replace(SETTINGS, seed=4))
    assert not is_complete(people, dataclasses.replace(SETTINGS, version=-1))
    assert not is_complete(tmp_path, SETTINGS)
    (tmp_path / 'people.json').write_text('{"settings"')
    assert not is_complete(tmp_path, SETTINGS)


@pytest.mark.parametrize('split', ['train', 'val'])
def test_annotations_are_coco(people: pathlib.Path, split: str) -> None:
    content = json.loads((people / 'annotations' / f'{split}.json').read_text())
    assert [c['name'] for c in content['categories']] == ['person']
    assert len(content['categories'][0]['keypoints']) == 17
    images = {image['id']: image for image in content['images']}
    assert len(images) == getattr(SETTINGS, split)
    assert len({a['id'] for a in content['annotations']}) == len(content['annotations'])
    for image in images.values():
        drawn = cv2.imread(str(people / 'images' / image['file_name']))
        assert drawn.shape == (image['height'], image['width'], 3)
    for ann in content['annotations']:
        assert ann['image_id'] in images
        keypoints = np.array(ann['keypoints']).reshape(17, 3)
        assert ann['num_keypoints'] == (keypoints[:, 2] > 0).sum() >= 5
        assert ann['iscrowd'] == 0
        x, y, w, h = ann['bbox']
        assert min(x, y) >= 0
        assert x + w <= 160
        assert y + h <= 120
        assert 0 < ann['area'] <= w * h


def test_areas_and_boxes_are_those_of_the_masks(people: pathlib.Path) -> None:
    coco = hotcoco.COCO(str(people / 'annotations' / 'train.json'))
    for ann in coco.loadAnns(coco.getAnnIds()):
        mask = coco.annToMask(ann)
        assert mask.sum() == ann['area']
        x, y, w, h = (int(v) for v in ann['bbox'])
        assert mask[y : y + h, x : x + w].sum() == ann['area']
        assert mask[y].any()
        assert mask[y + h - 1].any()
        assert mask[:, x].any()
        assert mask[:, x + w - 1].any()


def test_perfect_results_score_one(people: pathlib.Path) -> None:
    from mmpose_dark.evaluation.functional import evaluate_oks

    path = str(people / 'annotations' / 'train.json')
    truth = json.loads(pathlib.Path(path).read_text())['annotations']
    results = [dict(image_id=a['image_id'], category_id=1, keypoints=a['keypoints'], score=1.0) for a in truth]
    assert evaluate_oks(path, results)['AP'] == pytest.approx(1.0)


def test_coco_dataset_reads_it(people: pathlib.Path) -> None:
    from mmpose_dark.datasets import CocoDataset

    config = dict(data_root=str(people), ann_file='annotations/val.json', data_prefix=dict(img='images/'), pipeline=[])
    dataset = CocoDataset(**config, test_mode=True)
    truth = json.loads((people / 'annotations' / 'val.json').read_text())['annotations']
    assert len(dataset) == len(truth)
    info = dataset.get_data_info(0)
    x, y, w, h = truth[0]['bbox']
    np.testing.assert_allclose(info['bbox'], [[x, y, x + w, y + h]])
    np.testing.assert_allclose(info['keypoints'][0], np.array(truth[0]['keypoints']).reshape(17, 3)[:, :2])
    detected = CocoDataset(**config, test_mode=True, bbox_file=str(people / 'annotations' / 'val_detections.json'))
    assert len(detected) > 0


@pytest.mark.parametrize('mask', ['empty', 'full', 'random'])
def test_run_lengths_decode_to_the_mask(mask: str) -> None:
    m = dict(
        empty=np.zeros((5, 7), bool), full=np.ones((5, 7), bool), random=np.random.default_rng(0).random((13, 9)) < 0.5
    )[mask]
    code = encode_mask(m)
    counts = code['counts']
    flat = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    np.testing.assert_array_equal(flat.reshape(m.shape[::-1]).T, m)
    assert (np.array(counts[1:]) > 0).all()


@pytest.mark.parametrize(('field', 'value'), [('train', 0), ('val', -1), ('width', 10), ('quality', 101), ('seed', -1)])
def test_settings_out_of_range_are_named(field: str, value: int, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match=rf'{field}={value} is not between'):
        write_dataset(tmp_path, dataclasses.replace(SETTINGS, **{field: value}))


def test_command_line_is_quick_the_second_time(tmp_path: pathlib.Path) -> None:
    command = [sys.executable, str(ROOT / 'tools' / 'misc' / 'generate_people.py'), str(tmp_path / 'p'), '--train', '2',
               '--val', '1', '--width', '96', '--height', '72', '--workers', '1']  # fmt: skip
    env = dict(PYTHONPATH=str(ROOT), PATH='')
    first = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    assert '2 training images' in first
    assert 'are there already' in subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    wrong = subprocess.run([*command, '--seed', '-3'], env=env, capture_output=True, text=True)
    assert wrong.returncode
    assert 'seed=-3' in wrong.stderr
    assert 'Traceback' not in wrong.stderr
