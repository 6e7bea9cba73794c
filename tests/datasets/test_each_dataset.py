"""The other datasets, in their authors' layouts, and their combination."""

import json
import subprocess
import sys

import numpy as np
import pytest

from mmpose_dark.datasets import AnnotationError, CombinedDataset, SampleKey
from mmpose_dark.datasets.record_table import RecordTable
from mmpose_dark.registry import DATASETS
from mmpose_dark.structures import bbox_cs2xyxy

TEST = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=(48, 64)),
    dict(type='PackPoseInputs'),
]

SAMPLES = dict(
    CocoDataset=('coco', 'test_coco.json', 17, 12, 'test_coco_det_AP_H_56.json', 118),
    CocoWholeBodyDataset=('coco', 'test_coco_wholebody.json', 133, 12, 'test_coco_det_AP_H_56.json', 118),
    AicDataset=('aic', 'test_aic.json', 14, 9, None, None),
    CrowdPoseDataset=('crowdpose', 'test_crowdpose.json', 14, 4, 'test_crowdpose_det_AP_40.json', 6),
    PoseTrack18Dataset=(
        'posetrack18', 'annotations/test_posetrack18_val.json', 17, 14,
        'annotations/test_posetrack18_human_detections.json', 278,
    ),
)  # fmt: skip


def test_doctests_of_the_records():
    table = RecordTable([dict(a=1, b='x', c=np.arange(3)), dict(a=2, b='é', c=np.arange(3) + 1)])
    assert table[1]['b'] == 'é'
    assert table[-2]['a'] == 1
    assert table.column('a').tolist() == [1, 2]
    assert table.column('b') == ['x', 'é']
    assert table.take([1, 1])[0]['c'].tolist() == [1, 2, 3]
    with pytest.raises(IndexError):
        table[2]
    with pytest.raises(IndexError):
        table.take([2])
    mixed = RecordTable([dict(a=1), dict(a='x', b=None)])
    assert [mixed[0], mixed[1]] == [dict(a=1), dict(a='x', b=None)]


@pytest.mark.parametrize('name', SAMPLES)
def test_samples_of_the_real_data_sets(shared, name):
    folder, ann_file, keypoints, people, detections, boxes = SAMPLES[name]
    kwargs = dict(
        type=name, data_root=str(shared / 'data/samples' / folder), ann_file=ann_file, pipeline=TEST, test_mode=True
    )
    ds = DATASETS.build(dict(kwargs))
    assert len(ds) == people
    s = ds[0]['data_samples']
    assert s.gt_instances.keypoints.shape == (1, keypoints, 2)
    assert s.dataset_name == ds.metainfo['dataset_name']
    assert s.raw_ann_info['id'] == s.id
    if detections:
        assert len(DATASETS.build(kwargs | dict(bbox_file=detections))) == boxes


def test_crowd_index(shared):
    ds = DATASETS.build(
        dict(type='CrowdPoseDataset', data_root=str(shared / 'data/samples/crowdpose'), ann_file='test_crowdpose.json')
    )
    raw = json.loads((shared / 'data/samples/crowdpose/test_crowdpose.json').read_text())
    assert ds.get_data_info(0)['crowd_index'] == raw['images'][0]['crowdIndex']


@pytest.fixture
def wholebody(tiny_coco, tmp_path):
    """The generated people with made-up feet, face and hands; writes what is left of the edit."""

    def build(edit=lambda ann: None):
        with open(tiny_coco.ann_file) as f:
            content = json.load(f)
        for ann in content['annotations']:
            for part, count in (('foot', 6), ('face', 68), ('lefthand', 21), ('righthand', 21)):
                points = np.full((count, 3), (len(part), count, 0.4))
                ann[f'{part}_kpts'] = points.flatten().tolist()
            edit(ann)
        path = tmp_path / 'whole.json'
        path.write_text(json.dumps(content))
        return DATASETS.build(
            dict(type='CocoWholeBodyDataset', ann_file=str(path), data_prefix=dict(img=str(tiny_coco.root / 'images')))
        )

    return build


def test_wholebody_parts_follow_each_other(wholebody):
    x = wholebody().get_data_info(0)
    assert x['keypoints'].shape == (1, 133, 2)
    assert x['keypoints'][0, 17:, 1].tolist() == [6] * 6 + [68] * 68 + [21] * 42
    assert x['keypoints'][0, 91:, 0].tolist() == [8] * 21 + [9] * 21
    # A confidence, not a flag: 0.4 is labelled.
    assert set(x['keypoints_visible'][0, 17:].tolist()) == {1.0}


def test_wholebody_errors(wholebody, tiny_coco):
    with pytest.raises(AnnotationError, match=r'annotation 10: face_kpts has 3 numbers'):
        wholebody(lambda ann: ann.update(face_kpts=[1, 2, 3]))
    with pytest.raises(AnnotationError, match=r"no 'foot_kpts'.*belongs to CocoDataset"):
        DATASETS.build(dict(type='CocoWholeBodyDataset', ann_file=tiny_coco.ann_file))


# ------------------------------------------------------------------------------------- MPII


@pytest.fixture
def mpii(tiny_coco, tmp_path):
    person = dict(
        image='000001.png',
        center=[100.0, 80.0],
        scale=1.5,
        joints=[[float(i), 2.0 * i] for i in range(1, 17)],
        joints_vis=[1] * 15 + [0],
    )

    def build(edit=lambda people: people, **kwargs):
        path = tmp_path / 'mpii.json'
        path.write_text(json.dumps(edit([dict(person), dict(person, center=[-1, -1])])))
        return DATASETS.build(
            dict(type='MpiiDataset', ann_file=str(path), data_prefix=dict(img=str(tiny_coco.root / 'images')), **kwargs)
        )

    return build


def test_mpii_box_of_the_references(mpii):
    x = mpii().get_data_info(0)
    # Centre lowered by 15 of 200 parts of the scale, counted from 0; scale in units of 200 px.
    np.testing.assert_allclose(x['bbox_center'], [[99, 80 + 15 * 1.5 - 1]])
    np.testing.assert_allclose(x['bbox_scale'], [[300, 300]])
    np.testing.assert_allclose(x['bbox'], bbox_cs2xyxy(x['bbox_center'], x['bbox_scale']))
    assert x['keypoints'][0, :2].tolist() == [[0, 1], [1, 3]]
    assert x['keypoints_visible'].sum() == 15
    assert x['img_id'] == 1


def test_mpii_keeps_every_person_in_order(mpii):
    ds = mpii(test_mode=True, pipeline=TEST)
    assert [ds.get_data_info(i)['id'] for i in range(len(ds))] == [0, 1]
    np.testing.assert_allclose(ds.get_data_info(1)['bbox_center'], [[-2, -2]])
    s = ds[0]['data_samples']
    np.testing.assert_allclose(s.gt_instances.bbox_scales[0, 1], 1.25 * 300 * 64 / 48)


def test_mpii_head_size(mpii, tmp_path):
    from scipy.io import savemat

    boxes = np.zeros((2, 2, 2))
    boxes[1] = [[3.0, 6.0], [4.0, 8.0]]
    savemat(tmp_path / 'gt.mat', dict(headboxes_src=boxes))
    ds = mpii(test_mode=True, headbox_file=str(tmp_path / 'gt.mat'), pipeline=TEST)
    assert ds.get_data_info(0)['head_size'].tolist() == [[3.0]]
    assert ds[1]['data_samples'].gt_instances.head_size.tolist() == [[6.0]]
    with pytest.raises(AnnotationError, match='are for 2 people'):
        mpii(lambda people: people[:1], test_mode=True, headbox_file=str(tmp_path / 'gt.mat'))
    (tmp_path / 'gt.mat').write_bytes(b'no')
    with pytest.raises(AnnotationError, match=r'gt\.mat.*cannot be read'):
        mpii(test_mode=True, headbox_file=str(tmp_path / 'gt.mat'))
    with pytest.raises(ValueError, match='test_mode'):
        mpii(headbox_file='x.mat')
    with pytest.raises(ValueError, match='own centers'):
        mpii(test_mode=True, bbox_file='x.json')


def test_mpii_real_head_sizes(shared):
    from mmpose_dark.datasets.mpii_dataset import _head_sizes

    sizes = _head_sizes(str(shared / 'golden/published/mpii_pckh/gt_valid.mat'), None)
    assert sizes.shape == (2958,)
    assert sizes.min() > 0


@pytest.mark.parametrize(
    ('edit', 'message'),
    [
        (lambda p: dict(images=[]), 'no list of people'),
        (lambda p: [], 'no list of people'),
        (lambda p: [p[0], {k: v for k, v in p[1].items() if k != 'center'}], "person 1 has no 'center'"),
        (lambda p: [dict(p[0], joints=p[0]['joints'][:14])], r"person 0 has joints of shape \(14, 2\).*'mpii' has 16"),
        (lambda p: [dict(p[0], scale=0)], 'person 0 has center .* scale 0'),
        (lambda p: [dict(p[0], center=[float('nan'), 1])], 'person 0: center'),
    ],
)
def test_mpii_errors(mpii, edit, message):
    with pytest.raises(AnnotationError, match=message):
        mpii(edit)


# ------------------------------------------------------------------------------------- combined

AIC_TO_COCO = [(0, 6), (1, 8), (2, 10), (3, 5), (4, 7), (5, 9), (6, 12), (7, 14), (8, 16), (9, 11), (10, 13), (11, 15)]
TRAIN = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip'),
    dict(type='RandomBBoxTransform'),
    dict(type='TopdownAffine', input_size=(48, 64)),
    dict(type='PackPoseInputs'),
]


@pytest.fixture
def parts(tiny_coco, tmp_path) -> list[dict]:
    """The generated people as COCO, and with their limbs in AIC's order."""
    with open(tiny_coco.ann_file) as f:
        content = json.load(f)
    for ann in content['annotations']:
        points = np.zeros((14, 3))
        for aic, coco in AIC_TO_COCO:
            points[aic] = np.reshape(ann['keypoints'], (17, 3))[coco]
        ann['keypoints'] = points.flatten().tolist()
    path = tmp_path / 'aic.json'
    path.write_text(json.dumps(content))
    images = dict(img=str(tiny_coco.root / 'images'))
    convert = [dict(type='KeypointConverter', num_keypoints=17, mapping=AIC_TO_COCO)]
    return [
        dict(type='CocoDataset', ann_file=tiny_coco.ann_file, data_prefix=images),
        dict(type='AicDataset', ann_file=str(path), data_prefix=images, pipeline=convert),
    ]


def combined(parts, **kwargs) -> CombinedDataset:
    kwargs = dict(metainfo=dict(from_file='coco'), datasets=parts, pipeline=TRAIN) | kwargs
    return DATASETS.build(dict(type='CombinedDataset', **kwargs))


def test_two_data_sets_with_one_definition(parts, tiny_coco):
    ds = combined(parts, pipeline=TRAIN[:2])
    n = tiny_coco.num_people
    assert len(ds) == 2 * n
    for i in range(n):
        a, b = ds[i], ds[n + i]
        assert a['id'] == b['id']
        assert b['keypoints'].shape == (1, 17, 2)
        np.testing.assert_array_equal(a['keypoints'][:, 5:], b['keypoints'][:, 5:])
        np.testing.assert_array_equal(a['keypoints_visible'][:, 5:], b['keypoints_visible'][:, 5:])
        assert b['keypoints_visible'][:, :5].sum() == 0
        assert b['flip_indices'] == ds.metainfo['flip_indices']
        assert (a['dataset_name'], b['dataset_name']) == ('coco', 'aic')


def test_combined_samples_depend_on_their_key(parts):
    ds = combined(parts)
    a = ds[SampleKey(8, 2, 1)]
    ds[3]
    assert (a['inputs'] == ds[SampleKey(8, 2, 1)]['inputs']).all()
    assert not (a['inputs'] == ds[SampleKey(8, 3, 1)]['inputs']).all()


def test_combined_with_ratios(parts, tiny_coco):
    n = tiny_coco.num_people
    ds = combined(parts, sample_ratio_factor=[0.5, 2.0], pipeline=TRAIN[:2])
    assert len(ds) == n // 2 + 2 * n
    seen = {ds[SampleKey(i, epoch)]['id'] for i in range(n // 2) for epoch in range(20)}
    assert len(seen) == n  # other people in other epochs
    twice = [ds[i]['id'] for i in range(n // 2, len(ds))]
    assert sorted(twice) == sorted([*range(10, 10 + n)] * 2)


def test_combined_errors(parts, tmp_path):
    with pytest.raises(ValueError, match='empty'):
        combined([])
    with pytest.raises(ValueError, match='2 positive numbers'):
        combined(parts, sample_ratio_factor=[1.0])
    with pytest.raises(IndexError, match='sample 12 of'):
        combined(parts)[12]


def test_combined_reports_bad_images(parts, tiny_coco, tmp_path):
    parts = [dict(p, data_prefix=dict(img=str(tmp_path)), test_mode=True) for p in parts]
    bad = combined(parts, test_mode=True)[7]
    assert (bad.id, bad.img_id) == (11, 1)
    assert bad.path == str(tmp_path / '000001.png')


@pytest.mark.slow
def test_datasets_load_without_the_runner():
    """Only what a data loader's process needs: no runner, no model, no plotting."""
    code = (
        'import sys, mmpose_dark.datasets, mmpose_dark.structures\n'
        "bad = [m for m in ('mmengine.runner', 'mmengine.model', 'scipy', 'matplotlib', 'mmcv') if m in sys.modules]\n"
        'sys.exit(str(bad) if bad else 0)'
    )
    done = subprocess.run([sys.executable, '-W', 'error::UserWarning', '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
