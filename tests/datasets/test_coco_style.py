"""Reading COCO-style datasets: which people, which boxes, which records."""

import json
import os
import pathlib
import pickle

import numpy as np
import pytest

from mmpose_dark.datasets import AnnotationError, CocoDataset
from mmpose_dark.registry import DATASETS


def build(tiny, **kwargs) -> CocoDataset:
    kwargs = dict(ann_file=tiny.ann_file, data_root=str(tiny.root), data_prefix=dict(img=tiny.img_dir)) | kwargs
    return DATASETS.build(dict(type='CocoDataset', **kwargs))


@pytest.mark.parametrize('test_mode', [False, True])
def test_people_not_crowds(tiny_coco, test_mode):
    ds = build(tiny_coco, test_mode=test_mode)
    assert len(ds) == tiny_coco.num_people
    raw = {a['id']: a for a in json.loads(pathlib.Path(tiny_coco.ann_file).read_text())['annotations']}
    for i in range(len(ds)):
        x = ds.get_data_info(i)
        ann = raw[x['id']]
        assert x['img_id'] == ann['image_id']
        assert os.path.isfile(x['img_path'])
        xyv = np.array(ann['keypoints'], np.float32).reshape(1, 17, 3)
        np.testing.assert_array_equal(x['keypoints'], xyv[..., :2])
        np.testing.assert_array_equal(x['keypoints_visible'], np.minimum(xyv[..., 2], 1))
        left, top, w, h = ann['bbox']
        expected = np.clip([left, top, left + w, top + h], 0, [319, 239, 319, 239])
        np.testing.assert_allclose(x['bbox'][0], expected, rtol=1e-6)
        assert x['bbox'].dtype == x['keypoints'].dtype == x['keypoints_visible'].dtype == np.float32
        assert x['area'] == ann['area']
        assert ('raw_ann_info' in x) == test_mode
        assert x['flip_indices'] is ds.metainfo['flip_indices']


def test_same_records_with_and_without_columns(tiny_coco):
    a, b = (build(tiny_coco, serialize_data=s, test_mode=True) for s in (True, False))
    for i in range(len(a)):
        x, y = a.get_data_info(i), b.get_data_info(i)
        assert x.keys() == y.keys()
        for key in x:
            np.testing.assert_array_equal(x[key], y[key])


def test_a_record_may_be_written_to(tiny_coco):
    ds = build(tiny_coco)
    ds.get_data_info(0)['keypoints'][:] = -1
    assert ds.get_data_info(0)['keypoints'].min() >= 0


def test_detections(tiny_coco):
    ds = build(tiny_coco, bbox_file=tiny_coco.det_file, test_mode=True)
    dets = json.loads(pathlib.Path(tiny_coco.det_file).read_text())
    assert len(ds) == len(dets)
    for i, det in enumerate(dets):
        x = ds.get_data_info(i)
        assert (x['id'], x['img_id']) == (i, det['image_id'])
        left, top, w, h = det['bbox']
        np.testing.assert_allclose(x['bbox'][0], [left, top, left + w, top + h], rtol=1e-5)
        np.testing.assert_allclose(x['bbox_score'], [det['score']], rtol=1e-6)
        assert x['keypoints_visible'].min() == 1


def test_detections_of_several_detectors_and_a_threshold(tiny_coco):
    both = build(tiny_coco, bbox_file=[tiny_coco.det_file] * 2, test_mode=True)
    one = build(tiny_coco, bbox_file=tiny_coco.det_file, test_mode=True)
    assert len(both) == 2 * len(one)
    assert [both.get_data_info(i)['id'] for i in range(len(both))] == list(range(len(both)))
    sure = build(tiny_coco, bbox_file=tiny_coco.det_file, test_mode=True, filter_cfg=dict(bbox_score_thr=0.4))
    assert len(sure) == len(one) - 1


def test_detections_under_the_data_root(tiny_coco):
    name = os.path.relpath(tiny_coco.det_file, tiny_coco.root)
    assert len(build(tiny_coco, bbox_file=name, test_mode=True)) == 7


def test_detections_that_are_no_person_or_flat(tiny_coco, tmp_path):
    dets = json.loads(pathlib.Path(tiny_coco.det_file).read_text())
    dets[0]['category_id'] = 2
    dets[1]['bbox'][2] = 0
    path = tmp_path / 'dets.json'
    path.write_text(json.dumps(dets))
    with pytest.warns(UserWarning, match=r'dets\.json.*1 boxes have no width or height.*records 1'):
        ds = build(tiny_coco, bbox_file=str(path), test_mode=True)
    assert len(ds) == len(dets) - 2


def test_indices_and_interval(tiny_coco):
    everything = build(tiny_coco)
    ids = [everything.get_data_info(i)['id'] for i in range(len(everything))]
    some = build(tiny_coco, indices=[3, 1])
    assert [some.get_data_info(i)['id'] for i in (0, 1)] == [ids[3], ids[1]]
    assert len(build(tiny_coco, indices=2)) == 2
    assert len(build(tiny_coco, indices=100)) == len(everything)
    third = build(tiny_coco, sample_interval=3)
    assert {third.get_data_info(i)['img_id'] for i in range(len(third))} == {3}


def test_index_errors_and_negative_indices(tiny_coco):
    ds = build(tiny_coco)
    assert ds.get_data_info(-1)['sample_idx'] == len(ds) - 1
    with pytest.raises(IndexError, match=f'{len(ds)} of'):
        ds.get_data_info(len(ds))
    with pytest.raises(IndexError):
        ds[len(ds)]
    assert len(list(ds)) == len(ds)


def test_lazy_until_used(tiny_coco):
    ds = build(tiny_coco, lazy_init=True, ann_file='none.json')
    with pytest.raises(AnnotationError, match=r'none\.json'):
        len(ds)
    assert len(build(tiny_coco, lazy_init=True)) == tiny_coco.num_people


def test_pickles(tiny_coco):
    ds = build(tiny_coco)
    copy = pickle.loads(pickle.dumps(ds))
    np.testing.assert_array_equal(copy.get_data_info(2)['keypoints'], ds.get_data_info(2)['keypoints'])


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(data_mode='bottomup'), "data_mode must be 'topdown'"),
        (dict(bbox_file='x.json'), 'bbox_file needs test_mode=True'),
        (dict(ann_file=''), 'ann_file is needed'),
        (dict(filter_cfg=dict(score=1)), "unknown filter_cfg.*'score'"),
        (dict(on_bad_image='ignore'), "on_bad_image must be one of.*'ignore'"),
        (dict(on_bad_image='skip', test_mode=True), "'skip' would drop people"),
    ],
)
def test_arguments_that_do_not_go_together(tiny_coco, arguments, message):
    with pytest.raises(ValueError, match=message):
        build(tiny_coco, **arguments)


def test_a_subclass_with_records_of_its_own(tiny_coco):
    class Twice(CocoDataset):
        def parse_data_info(self, raw_data_info):
            return super().parse_data_info(raw_data_info) | dict(note='mine')

    kwargs = dict(ann_file=tiny_coco.ann_file, data_prefix=dict(img=str(tiny_coco.root / 'images')))
    assert Twice(**kwargs).get_data_info(1)['note'] == 'mine'


def test_no_area_is_half_the_box(tiny_coco, tmp_path):
    content = json.loads(pathlib.Path(tiny_coco.ann_file).read_text())
    for ann in content['annotations']:
        del ann['area']
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(content))
    x = build(tiny_coco, ann_file=str(path)).get_data_info(0)
    left, top, right, bottom = x['bbox'][0]
    assert x['area'] == pytest.approx((right - left) * (bottom - top) * 0.53, rel=1e-5)


@pytest.mark.parametrize(('split', 'people'), [('train', 86), ('val', 68)])
def test_people_of_coco_mini(shared, split, people):
    root = shared / 'data/coco_mini'
    ds = CocoDataset(
        ann_file=f'annotations/person_keypoints_{split}2017.json',
        data_root=str(root),
        data_prefix=dict(img=f'{split}2017/'),
    )
    assert len(ds) == people
