"""Drawn people with another definition's keypoints."""

import json
import pathlib

import numpy as np

from mmpose_dark.datasets import CocoDataset
from mmpose_dark.synthetic import PeopleSettings, write_as_keypoint_set, write_dataset


def test_own_keypoints_stay_and_others_lie_in_the_box(tmp_path: pathlib.Path) -> None:
    write_dataset(tmp_path, PeopleSettings(train=3, val=1, width=160, height=120), workers=1)
    source, out = tmp_path / 'annotations' / 'train.json', tmp_path / 'whole_body.json'
    count = write_as_keypoint_set(source, dict(from_file='coco_wholebody'), out)
    before, after = (json.loads(path.read_text())['annotations'] for path in (source, out))
    assert count == len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        points = np.array(new['keypoints']).reshape(133, 3)
        np.testing.assert_array_equal(points[:17], np.array(old['keypoints']).reshape(17, 3))
        x, y, w, h = old['bbox']
        others = points[17:]
        assert ((others[:, :2] >= (x, y)) & (others[:, :2] <= (x + w, y + h))).all()
        assert (others[:, 2] == 2).all()


def test_a_dataset_with_the_definition_reads_them(tmp_path: pathlib.Path) -> None:
    write_dataset(tmp_path, PeopleSettings(train=2, val=1, width=160, height=120), workers=1)
    out = tmp_path / 'mpii.json'
    count = write_as_keypoint_set(tmp_path / 'annotations' / 'train.json', dict(from_file='mpii'), out)
    prefix = dict(img=str(tmp_path / 'images'))
    dataset = CocoDataset(ann_file=str(out), metainfo=dict(from_file='mpii'), data_prefix=prefix, pipeline=[])
    assert len(dataset) == count
    shoulder = dataset.metainfo['keypoint_name2id']['left_shoulder']
    truth = json.loads((tmp_path / 'annotations' / 'train.json').read_text())['annotations'][0]
    drawn = np.array(truth['keypoints']).reshape(17, 3)[5]
    np.testing.assert_allclose(dataset.get_data_info(0)['keypoints'][0, shoulder], drawn[:2])
