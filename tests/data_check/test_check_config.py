"""check_config on whole configs: images, evaluators, splits, datasets of all kinds."""

import json
import shutil
import struct

import cv2
import numpy as np
import pytest
from checked_data import PIPELINE, first
from scipy.io import savemat

from mmpose_dark.registry import DATASETS


def with_orientation(jpeg: bytes, value: int, order='<') -> bytes:
    """Put an EXIF segment that says ``value`` into a JPEG."""
    tiff = (b'II' if order == '<' else b'MM') + struct.pack(order + 'HI', 42, 8)
    tiff += struct.pack(order + 'H', 1) + struct.pack(order + 'HHIHHI', 0x0112, 3, 1, value, 0, 0)
    body = b'Exif\x00\x00' + tiff
    return jpeg[:2] + b'\xff\xe1' + struct.pack('>H', len(body) + 2) + body + jpeg[2:]


@pytest.mark.parametrize('damage', ['missing', 'empty', 'cut off', 'text'])
def test_unreadable_image(data, damage):
    path = data.root / 'val' / 'images' / '000002.png'
    content = path.read_bytes()
    path.write_bytes(dict(empty=b'', text=b'no image').get(damage, content[: len(content) // 2]))
    if damage == 'missing':
        path.unlink()
    findings = [f for f in data.check().findings if f.severity == 'error']
    assert [f.check for f in findings] == ['image-unreadable']
    assert findings[0].count == 1
    assert str(path) in findings[0].examples[0]


def test_all_images_missing_names_the_folder(data):
    shutil.rmtree(data.root / 'val' / 'images')
    (data.root / 'val' / 'images').mkdir()
    findings = [f for f in data.check(phases=['val']).findings if f.check == 'image-unreadable']
    assert 'data_prefix' in findings[0].message
    assert str(data.root / 'val' / 'images') in findings[0].message


@pytest.mark.parametrize('order', ['<', '>'])
def test_rotated_image(data, order):
    """Annotations of the image as stored, although readers turn it, and the other way round."""
    images = data.root / 'val' / 'images'
    image = cv2.imread(str(images / '000002.png'))
    turned = with_orientation(cv2.imencode('.jpg', image)[1].tobytes(), 6, order)
    (images / '000002.png').write_bytes(turned)
    assert data.found(phases=['val']) == {('error', 'image-orientation')}
    stored = [dict(type='LoadImage', color_type='color_ignore_orientation'), *PIPELINE[1:]]
    data.config['val_dataloader']['dataset']['pipeline'] = stored
    report = data.check(phases=['val'])
    assert report.ok
    assert [(f.severity, f.check) for f in report.findings] == [('note', 'image-orientation')]


def test_evaluator_of_another_file(data):
    data.config['val_evaluator']['ann_file'] = str(data.path('person', 'train'))
    assert data.found(phases=['val']) == {('warning', 'evaluator-file')}
    data.change(lambda c: c['images'].append(dict(c['images'][0], id=50, file_name='x.png')), split='train')
    assert data.found(phases=['val']) == {('error', 'evaluator-file')}
    data.change(lambda c: [c['images'].pop(0), c['annotations'].clear()], split='train')
    assert data.found(phases=['val']) == {('error', 'evaluator-file')}
    data.config['val_evaluator']['ann_file'] = 'nowhere.json'
    assert data.found(phases=['val']) == {('error', 'evaluator-file')}


def test_crowd_index_is_needed_by_the_crowd_metric(data):
    data.config['val_evaluator'].update(iou_type='keypoints_crowd')
    assert data.found(phases=['val']) == {('error', 'crowd-index')}
    data.change(lambda c: [image.update(crowdIndex=0.1) for image in c['images']])
    assert data.found(phases=['val']) == set()


def test_network_of_another_size(data):
    data.config['model']['head']['out_channels'] = 16
    assert data.found(phases=['val']) == {('error', 'out-channels')}


def test_other_definition(data):
    data.config['val_dataloader']['dataset']['metainfo'] = dict(from_file='aic')
    assert ('error', 'keypoint-count') in data.found(phases=['val'])
    data.config['val_dataloader']['dataset']['metainfo'] = dict(from_file='coco', sigmas=[0.1] * 16)
    assert data.found(phases=['val']) == {('error', 'evaluator')}
    data.config['val_dataloader']['dataset']['metainfo'] = dict(from_file='coco', sigmas=[10.0] * 17)
    assert data.found(phases=['val']) == {('warning', 'sigmas')}


def test_mistyped_dataset(data):
    data.config['val_dataloader']['dataset']['type'] = 'CocoDatasett'
    (finding,) = data.check(phases=['val']).findings
    assert finding.check == 'dataset'
    assert 'CocoDataset' in finding.message
    data.config['val_dataloader']['dataset'].update(type='CocoDataset', an_file='x')
    (finding,) = data.check(phases=['val']).findings
    assert 'an_file' in finding.message


def test_dataset_with_a_format_of_its_own(data):
    from mmpose_dark.datasets import CocoDataset
    from mmpose_dark.registry import DATASETS

    @DATASETS.register_module(name='OwnFormatForTest', force=True)
    class OwnFormat(CocoDataset):
        def load_data_list(self):
            return [dict(super().load_data_list()[0], img_path=self.data_root + '/gone.png')]

    data.config['train_dataloader']['dataset']['type'] = 'OwnFormatForTest'
    report = data.check(phases=['train'])
    assert [(f.severity, f.check) for f in report.findings] == [('note', 'format')]
    assert report.sections[0].facts['samples'] == '1'


def test_pipeline_that_fails(data):
    data.config['val_dataloader']['dataset']['pipeline'] = [lambda results: results['no such entry']]
    assert data.found(phases=['val']) == {('error', 'pipeline')}


def test_missing_folder_says_the_layout(data):
    data.config['train_dataloader']['dataset']['data_root'] = str(data.root / 'nowhere')
    report = data.check(phases=['train'])
    assert not report.ok
    assert 'https://cocodataset.org' in report.text()


def test_splits_that_overlap(data):
    data.config['val_dataloader']['dataset'].update(data_root=str(data.root / 'train'))
    data.config['val_evaluator']['ann_file'] = str(data.path('person', 'train'))
    assert data.found() == {('error', 'split-overlap')}
    assert data.found(phases=['val']) == set()


def test_images_of_both_splits_under_other_names(data):
    source = data.root / 'train' / 'images' / '000001.png'
    shutil.copy(source, data.root / 'val' / 'images' / '000002.png')
    report = data.check()
    (finding,) = report.findings
    assert (finding.severity, finding.check, finding.count) == ('warning', 'split-twins', 1)
    assert '000002.png = ' in finding.examples[0]


def test_same_phase_is_checked_once(data):
    data.config['test_dataloader'] = data.config['val_dataloader']
    data.config['test_evaluator'] = data.config['val_evaluator']
    report = data.check()
    assert report.ok
    assert report.sections[-1].title == 'test: the same data as val'


def test_limited_number_of_images(data):
    for i in (1, 7):
        (data.root / 'val' / 'images' / f'00000{i}.png').write_bytes(b'')
    assert data.check(phases=['val'], max_images=0).findings == []
    report = data.check(phases=['val'], max_images=2)
    assert [f.count for f in report.findings] == [2]
    assert report.sections[0].facts['image files'] == '2 of 4 read (--max-images 2)'


def test_nothing_to_check(data):
    with pytest.raises(ValueError, match='no test_dataloader'):
        data.check(phases=['test'])


def test_combined_dataset(data):
    part = data.config['train_dataloader']['dataset']
    plain = dict(part, pipeline=[])
    converter = dict(type='KeypointConverter', num_keypoints=14, mapping=[(0, 0), (5, 3)])
    combined = dict(
        type='CombinedDataset',
        metainfo=dict(from_file='aic'),
        datasets=[dict(plain, pipeline=[converter]), dict(plain, pipeline=[converter])],
        pipeline=PIPELINE,
    )
    data.config['train_dataloader']['dataset'] = combined
    data.config['model']['head']['out_channels'] = 14
    report = data.check(phases=['train'])
    assert report.findings == []
    assert [s.title for s in report.sections] == [f'train_dataloader.dataset.datasets[{i}]' for i in (0, 1)]
    combined['datasets'][1]['pipeline'] = []
    (finding,) = data.check(phases=['train']).findings
    assert finding.check == 'pipeline'
    assert 'KeypointConverter' in finding.message
    data.change(first('image_id', 12345), split='train')
    assert [f.check for f in data.check(phases=['train']).findings] == ['image-ids-meet'] * 2


def mpii_person(**changes):
    joints = [[100 + 5 * i, 50 + 8 * i] for i in range(16)]
    return dict(
        dict(image='000001.png', center=[140.0, 110.0], scale=1.0, joints=joints, joints_vis=[1] * 16), **changes
    )


@pytest.mark.parametrize(
    ('change', 'expected'),
    [
        ({}, set()),
        (dict(joints=[[1, 1]] * 15), {('error', 'keypoint-count'), ('error', 'no-people')}),
        (
            dict(joints=[[900 + i, 1] for i in range(16)]),
            {('error', 'keypoint-outside'), ('error', 'keypoints-in-box')},
        ),
        (dict(joints_vis=[7] * 16), {('warning', 'visibility')}),
        (dict(image='gone.png'), {('error', 'image-unreadable')}),
        (dict(joints=[[-1, -1]] * 8 + [[100, 100]] * 8, joints_vis=[0] * 8 + [1] * 8), set()),
    ],
    ids=['sound', 'count', 'outside', 'visibility', 'missing', 'unlabelled'],
)
def test_mpii(data, change, expected):
    ann = data.root / 'mpii.json'
    ann.write_text(json.dumps([mpii_person(**change)]))
    dataset = dict(
        type='MpiiDataset',
        ann_file=str(ann),
        data_prefix=dict(img=str(data.root / 'val' / 'images')),
        pipeline=PIPELINE,
    )
    data.config['train_dataloader']['dataset'] = dataset
    data.config['model'] = None
    assert data.found(phases=['train']) == expected


def test_mpii_metric_needs_head_boxes(data):
    ann = data.root / 'mpii.json'
    ann.write_text(json.dumps([mpii_person()]))
    data.config['val_dataloader']['dataset'] = dict(
        type='MpiiDataset',
        ann_file=str(ann),
        data_prefix=dict(img=str(data.root / 'val' / 'images')),
        pipeline=PIPELINE,
        test_mode=True,
    )
    data.config['model'], data.config['val_evaluator'] = None, dict(type='MpiiPCKAccuracy')
    assert data.found(phases=['val']) == {('error', 'evaluator-file')}


@pytest.mark.slow
def test_mpii_head_boxes_of_other_people(data):
    ann, mat = data.root / 'mpii.json', data.root / 'gt.mat'
    other = mpii_person(joints=[[90 + 6 * i, 60 + 7 * i] for i in range(16)], joints_vis=[0] + [1] * 15)
    ann.write_text(json.dumps([mpii_person(), other]))
    joints = np.array([mpii_person()['joints'], other['joints']], float)
    missing = np.zeros((2, 16), np.uint8)
    missing[1, 0], joints[1, 0] = 1, 0
    data.config['val_dataloader']['dataset'] = dict(
        type='MpiiDataset',
        ann_file=str(ann),
        headbox_file=str(mat),
        data_prefix=dict(img=str(data.root / 'val' / 'images')),
        pipeline=PIPELINE,
        test_mode=True,
    )
    data.config['model'], data.config['val_evaluator'] = None, dict(type='MpiiPCKAccuracy')
    for order, expected in (
        ([0, 1], set()),
        ([1, 0], {('error', 'head-boxes')}),
        ([0], {('error', 'head-boxes'), ('error', 'dataset')}),
    ):
        boxes = np.tile(np.array([[10.0, 10], [30, 40]])[..., None], len(order))
        truth = dict(pos_gt_src=joints[order].transpose(1, 2, 0), jnt_missing=missing[order].T, headboxes_src=boxes)
        savemat(mat, truth)
        assert data.found(phases=['val']) == expected


def test_mpii_record_without_center(data):
    ann, person = data.root / 'mpii.json', mpii_person()
    del person['center']
    ann.write_text(json.dumps([mpii_person(), person]))
    data.config['train_dataloader']['dataset'] = dict(
        type='MpiiDataset', ann_file=str(ann), data_prefix=dict(img=str(data.root / 'val' / 'images'))
    )
    (finding,) = [f for f in data.check(phases=['train']).findings if f.severity == 'error']
    assert finding.examples == ('person 1: no center',)


def test_wholebody_parts(data):
    def parts(content):
        for ann in content['annotations']:
            ann.update(foot_kpts=[0.0] * 18, face_kpts=[0.0] * 204, lefthand_kpts=[0.0] * 63, righthand_kpts=[0.0] * 63)
            ann['face_kpts'][:3] = [50.0, 50.0, 0.7]

    data.change(parts)
    dataset = data.config['val_dataloader']['dataset']
    dataset['type'] = 'CocoWholeBodyDataset'
    data.config['val_evaluator']['type'] = 'CocoWholeBodyMetric'
    data.config['model']['head']['out_channels'] = 133
    assert data.found(phases=['val']) == set()
    data.change(lambda c: c['annotations'][2].pop('face_kpts'))
    (finding,) = [f for f in data.check(phases=['val']).findings if f.severity == 'error']
    assert finding.examples == ("annotation 12 (image 2, 000002.png): no 'face_kpts'",)


def test_a_network_that_does_not_give_the_codec_s_heatmaps(data):
    """What a training with this config says first, the check says before."""
    codec = dict(type='MSRAHeatmap', input_size=(64, 96), heatmap_size=(16, 24), sigma=1)
    data.config['model'] = dict(
        type='TopDown',
        backbone=dict(type='ResNet', depth=18),
        head=dict(
            type='HeatmapHead',
            in_channels=512,
            out_channels=17,
            deconv_out_channels=(8, 8, 8),
            deconv_kernel_sizes=(4, 4, 4),
            decoder=codec,
        ),
    )
    assert ('error', 'network') not in data.found(phases=['val'])
    codec['heatmap_size'] = (32, 48)
    (finding,) = [f for f in data.check(phases=['val']).findings if f.check == 'network']
    assert finding.severity == 'error'
    assert 'set codec.heatmap_size=(16, 24)' in finding.message


class _OfMmengine:
    """A dataset as mmengine's: with a metainfo that knows nothing of keypoints."""

    def __init__(self, **settings):
        self.settings, self.metainfo = settings, dict(classes=('person',))

    def __len__(self):
        return 3


def test_a_dataset_that_knows_no_keypoints(data, monkeypatch):
    monkeypatch.setitem(DATASETS._module_dict, '_OfMmengine', _OfMmengine)
    data.config['val_dataloader']['dataset'] = dict(type='_OfMmengine')
    data.config['val_evaluator'] = None
    assert data.found(phases=['val']) == set()


def test_two_phases_of_the_same_wrong_data(data):
    """The second has no section of its own, and is not evaluated twice."""
    wrong = dict(dataset_name='x', keypoint_info={}, skeleton_info={}, joint_weights=[], sigmas=[])
    data.config['val_dataloader']['dataset']['metainfo'] = wrong
    data.config['test_dataloader'] = data.config['val_dataloader']
    data.config['test_evaluator'] = data.config['val_evaluator']
    assert data.found(phases=['val', 'test']) == {('error', 'dataset')}
