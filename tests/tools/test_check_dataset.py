"""check_dataset on whole configs: each kind of damage is found, by name, and nothing else is complained about."""

import importlib.util
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import types

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from mmpose_dark.data_check import check_config

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / 'tools' / 'misc' / 'check_dataset.py'
PIPELINE = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=(48, 64)),
    dict(type='PackPoseInputs'),
]


@pytest.fixture
def data(tiny_coco, tmp_path):
    """A copy of the small dataset in the folders train and val, to be damaged; of one image in each, another."""
    for split, shift in (('train', 0), ('val', 1)):
        shutil.copytree(tiny_coco.root, tmp_path / split)
        if shift:  # other images, so that the splits do not overlap
            for path in (tmp_path / split / 'images').iterdir():
                image = cv2.imread(str(path))
                cv2.imwrite(str(path), 255 - image)
    return Data(tmp_path)


class Data:
    """Files of a config that can be read, changed and checked."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.config = dict(
            model=dict(head=dict(out_channels=17)),
            train_dataloader=dict(dataset=self._dataset('train')),
            val_dataloader=dict(
                dataset=dict(self._dataset('val'), test_mode=True, bbox_file='annotations/detections.json')
            ),
            val_evaluator=dict(type='CocoMetric', ann_file=str(root / 'val' / 'annotations' / 'person.json')),
        )

    def _dataset(self, split: str) -> dict:
        return dict(
            type='CocoDataset',
            data_root=str(self.root / split),
            ann_file='annotations/person.json',
            data_prefix=dict(img='images/'),
            pipeline=PIPELINE,
        )

    def path(self, name: str, split: str = 'val') -> pathlib.Path:
        return self.root / split / 'annotations' / f'{name}.json'

    def change(self, change, name: str = 'person', split: str = 'val') -> None:
        content = json.loads(self.path(name, split).read_text())
        change(content)
        self.path(name, split).write_text(json.dumps(content))

    def check(self, **kwargs):
        return check_config(self.config, workers=2, **kwargs)

    def found(self, severities=('error', 'warning'), **kwargs) -> set[tuple[str, str]]:
        return {(f.severity, f.check) for f in self.check(**kwargs).findings if f.severity in severities}


def test_sound_data(data):
    report = data.check()
    assert report.findings == []
    assert report.ok
    assert [s.title for s in report.sections] == ['train_dataloader.dataset', 'val_dataloader.dataset']
    facts = report.sections[1].facts
    assert facts['people'] == '6 usable of 7 annotations'
    assert facts['image files'] == '4 of 4 read'
    assert facts['samples'] == '7'
    assert 'find 100.0% of 6 annotated people' in facts['detections']
    assert report.text().endswith('0 errors, 0 warnings: the data can be used')


def each(key, value):
    """Change that sets an entry of every annotation."""

    def change(content):
        for ann in content['annotations']:
            ann[key] = value(ann) if callable(value) else value

    return change


def first(key, value):
    """Change that sets (or with ``...`` removes) an entry of the first annotation."""

    def change(content):
        ann = content['annotations'][0]
        if value is ...:
            del ann[key]
        else:
            ann[key] = value(ann) if callable(value) else value

    return change


def scaled(content, factor=0.5):
    for image in content['images']:
        image['width'], image['height'] = int(image['width'] * factor), int(image['height'] * factor)


def relative(ann):
    points = np.array(ann['keypoints']).reshape(-1, 3)
    return (points / (320, 240, 1)).flatten().tolist()


def swapped(ann):
    return np.array(ann['keypoints']).reshape(-1, 3)[:, [1, 0, 2]].flatten().tolist()


def at_corner(ann):
    points = np.array(ann['keypoints']).reshape(-1, 3)
    points[:6] = (0, 0, 2)
    return points.flatten().tolist()


def corners(box):
    x, y, w, h = box
    return [x, y, x + w, y + h]


def centred(box):
    x, y, w, h = box
    return [x + w / 2, y + h / 2, w, h]


def other_visibility(ann):
    points = np.array(ann['keypoints']).reshape(-1, 3)
    points[3, 2] = 3
    return points.flatten().tolist()


def shuffled_names(content):
    info = ['nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear', 'left_shoulder', 'right_shoulder', 'left_elbow']
    info += ['right_elbow', 'left_wrist', 'right_wrist', 'left_hip', 'right_hip', 'left_knee', 'right_knee']
    info += ['right_ankle', 'left_ankle']
    content['categories'][0]['keypoints'] = info


ANNOTATION_DAMAGE = {
    'images scaled': (scaled, ('error', 'image-size')),
    'image without width': (lambda c: c['images'][0].pop('width'), ('error', 'image-record')),
    'image of no height': (lambda c: c['images'][0].update(height=0), ('error', 'image-record')),
    'image twice': (lambda c: c['images'].append(c['images'][0]), ('error', 'image-ids')),
    'image under two ids': (lambda c: c['images'].append(dict(c['images'][0], id=77)), ('warning', 'image-names')),
    'annotation id twice': (first('id', 11), ('error', 'annotation-ids')),
    'image id that no image has': (first('image_id', 12345), ('error', 'image-ids-meet')),
    'image ids as strings': (each('image_id', lambda a: str(a['image_id'])), ('error', 'image-ids-meet')),
    'unknown category': (first('category_id', 5), ('error', 'categories')),
    'people of category 0': (
        lambda c: (each('category_id', 0)(c), c['categories'][0].update(id=0)),
        ('error', 'categories'),
    ),
    'no categories': (lambda c: c.pop('categories'), ('warning', 'categories')),
    'keypoint names in another order': (shuffled_names, ('error', 'keypoint-names')),
    'a keypoint too few': (first('keypoints', lambda a: a['keypoints'][:-3]), ('error', 'keypoint-count')),
    'NaN keypoint': (first('keypoints', lambda a: [float('nan'), *a['keypoints'][1:]]), ('error', 'keypoint-numbers')),
    'text keypoint': (first('keypoints', lambda a: ['x', *a['keypoints'][1:]]), ('error', 'keypoint-numbers')),
    'visibility 3': (first('keypoints', other_visibility), ('error', 'visibility')),
    'nothing labelled': (each('keypoints', [0.0] * 51), ('error', 'no-people')),
    'relative keypoints': (each('keypoints', relative), ('error', 'keypoint-relative')),
    'x and y swapped': (each('keypoints', swapped), ('error', 'keypoint-outside')),
    'unlabelled at the corner as visible': (each('keypoints', at_corner), ('error', 'keypoint-corner')),
    'box missing': (first('bbox', ...), ('warning', 'box-missing')),
    'box of no width': (first('bbox', [10.0, 10.0, 0.0, 50.0]), ('warning', 'box-flat')),
    'box outside': (first('bbox', [900.0, 10.0, 60.0, 50.0]), ('warning', 'box-outside')),
    'boxes as corners': (each('bbox', lambda a: corners(a['bbox'])), ('error', 'box-form')),
    'boxes by centre': (each('bbox', lambda a: centred(a['bbox'])), ('error', 'box-form')),
    'relative boxes': (each('bbox', [0.1, 0.1, 0.5, 0.5]), ('error', 'box-relative')),
    'boxes of other people': (each('bbox', [300.0, 1.0, 15.0, 15.0]), ('error', 'keypoints-in-box')),
    'no area': (each('area', None), ('error', 'area-missing')),
    'area 0': (first('area', 0), ('error', 'area-zero')),
    'relative areas': (each('area', 0.2), ('error', 'area-small')),
    'areas of other units': (each('area', 1e6), ('warning', 'area-large')),
    'labelled and num_keypoints 0': (first('num_keypoints', 0), ('warning', 'num-keypoints')),
    'no annotation': (lambda c: c['annotations'].clear(), ('error', 'no-people')),
    'annotations missing': (lambda c: c.pop('images'), ('error', 'annotation-file')),
}  # fmt: skip


@pytest.mark.parametrize('name', ANNOTATION_DAMAGE)
def test_damaged_annotations(data, name):
    change, expected = ANNOTATION_DAMAGE[name]
    data.config['val_dataloader']['dataset'].pop('bbox_file')
    if name == 'people of category 0':  # matters with detections only
        data.config['val_dataloader']['dataset']['bbox_file'] = 'annotations/detections.json'
    if name == 'no annotation':
        expected = ('error', 'dataset') if data.found() else expected
    data.change(change)
    assert expected in data.found()
    report = data.check()
    assert report.ok == (expected[0] == 'warning')
    if not report.ok:
        assert 'do not start before the errors are mended' in report.text()


def test_record_and_file_are_named(data):
    data.change(first('keypoints', lambda a: a['keypoints'][:-3]))
    (finding,) = data.check(phases=['val']).findings
    assert finding.file == str(data.path('person'))
    assert finding.examples == ("annotation 10 (image 1, 000001.png): 'keypoints' has 48 numbers",)
    assert 'definition of 17 keypoints' in finding.message


def test_areas_matter_where_they_are_used(data):
    data.change(each('area', None))
    data.change(each('area', None), split='train')
    assert data.found() == {('error', 'area-missing')}
    data.config['val_evaluator']['use_area'] = False
    assert data.found() == set()


DETECTION_DAMAGE = {
    'corners': (lambda d: [r.update(bbox=corners(r['bbox'])) for r in d], ('error', 'detection-form')),
    'centres': (lambda d: [r.update(bbox=centred(r['bbox'])) for r in d], ('error', 'detection-form')),
    'of other images': (lambda d: d[0].update(image_id=4711), ('error', 'detection-images')),
    'ids as strings': (lambda d: [r.update(image_id=str(r['image_id'])) for r in d], ('error', 'detection-images')),
    'of another category': (lambda d: [r.update(category_id=3) for r in d], ('error', 'detection-categories')),
    'scores in per cent': (lambda d: [r.update(score=100 * r['score']) for r in d], ('warning', 'detection-scores')),
    'flat': (lambda d: d[0].update(bbox=[1, 1, 0, 5]), ('warning', 'detection-flat')),
    'without score': (lambda d: d[0].pop('score'), ('error', 'detections')),
    'none': (lambda d: d.clear(), ('error', 'detections')),
}


@pytest.mark.parametrize('name', DETECTION_DAMAGE)
def test_damaged_detections(data, name):
    change, expected = DETECTION_DAMAGE[name]
    data.change(change, 'detections')
    assert expected in data.found(phases=['val'])


def test_detections_of_other_images_can_be_left_out_on_purpose(data):
    data.change(lambda d: d[0].update(image_id=4711), 'detections')
    data.config['val_dataloader']['dataset']['filter_cfg'] = dict(skip_unknown_images=True)
    assert data.found(phases=['val']) == {('warning', 'detection-images')}


def test_detections_below_the_threshold(data):
    data.config['val_dataloader']['dataset']['filter_cfg'] = dict(bbox_score_thr=2.0)
    assert ('error', 'detection-scores') in data.found(phases=['val'])


def test_test_images_without_annotations(data):
    data.change(lambda c: c['annotations'].clear())
    data.config['val_evaluator'] = dict(type='CocoMetric', format_only=True, outfile_prefix='x')
    assert data.found(phases=['val']) == set()


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
    assert ('error', 'dataset') in data.found(phases=['val'])
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
        (dict(joints_vis=[7] * 16), {('error', 'visibility')}),
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
    data.config['model']['head']['out_channels'] = 133
    assert data.found(phases=['val']) == set()
    data.change(lambda c: c['annotations'][2].pop('face_kpts'))
    (finding,) = [f for f in data.check(phases=['val']).findings if f.severity == 'error']
    assert finding.examples == ("annotation 12 (image 2, 000002.png): no 'face_kpts'",)


def load_tool() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location('check_dataset_tool', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_config(data) -> str:
    path = data.root / 'config.py'
    path.write_text(''.join(f'{name} = {value!r}\n' for name, value in data.config.items()))
    return str(path)


def test_command_line(data, capsys):
    tool, config, out = load_tool(), write_config(data), data.root / 'sub' / 'report.json'
    assert tool.main([config, '--workers', '1', '--out', str(out)]) == 0
    assert '0 errors, 0 warnings' in capsys.readouterr().out
    assert json.loads(out.read_text())['ok'] is True
    data.change(first('image_id', 12345))
    assert tool.main([config, '--phase', 'val', '--out', str(out)]) == 1
    text = capsys.readouterr().out
    assert 'ERROR   image-ids-meet: 1 of 7 annotations point to an image_id that no image has' in text
    assert '- annotation 10: image_id 12345' in text
    written = json.loads(out.read_text())
    assert (written['ok'], written['errors']) == (False, 1)
    assert written['sections'][0]['findings'][0]['examples'] == ['annotation 10: image_id 12345']
    # Settings from the command line: the other split has no such damage.
    root = data.root / 'train'
    options = [
        f'val_dataloader.dataset.data_root={root}',
        f'val_evaluator.ann_file={root}/annotations/person.json',
    ]
    assert tool.main([config, '--phase', 'val', '--cfg-options', *options]) == 0


def test_wrong_arguments_end_with_a_sentence(data, capsys):
    tool, config = load_tool(), write_config(data)
    for arguments, message in (
        (['no_such_config.py'], 'no_such_config.py does not exist'),
        ([config, '--phase', 'test'], 'no test_dataloader'),
    ):
        with pytest.raises(SystemExit) as ended, tool.user_errors('check_dataset.py'):
            tool.main(arguments)
        assert ended.value.code == 2
        assert message in capsys.readouterr().err
    with pytest.raises(SystemExit):
        tool.main([config, '--workers', '0'])


def test_as_a_program_from_another_folder(data):
    data.change(first('image_id', 12345))
    command = [sys.executable, str(TOOL), write_config(data), '--max-images', '1', '--phase', 'val']
    run = subprocess.run(command, capture_output=True, text=True, cwd=data.root)
    assert run.returncode == 1, run.stderr
    assert '1 error, 0 warnings: do not start before the errors are mended' in run.stdout
    assert 'Traceback' not in run.stderr
