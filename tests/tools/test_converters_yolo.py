"""YOLO-pose both ways: nothing is lost but what the format cannot hold, to its last decimal."""

import importlib
import json
import pathlib
import shutil
import types

import cv2
import numpy as np
import pytest
import yaml

from mmpose_dark.data_check import check_config
from mmpose_dark.datasets import CocoDataset
from mmpose_dark.datasets.errors import AnnotationError

FOLDER = pathlib.Path(__file__).resolve().parents[2] / 'tools' / 'dataset_converters'
# The pairs of COCO's 17 keypoints, written down.
FLIP = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]


@pytest.fixture
def tools(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    names = ('coco2yolo_pose', 'yolo_pose2coco', 'yolo_format')
    return types.SimpleNamespace(**{name: importlib.import_module(name) for name in names})


def to_yolo(tools, coco, out, *more):
    tools.coco2yolo_pose.main([str(out), '--train', coco.ann_file, str(coco.root / coco.img_dir), *more])
    return out / 'data.yaml'


def people(file) -> dict[str, list[dict]]:
    """Annotations with keypoints by file name, in their order."""
    content = json.loads(pathlib.Path(file).read_text())
    names = {image['id']: pathlib.Path(image['file_name']).name for image in content['images']}
    out = {name: [] for name in names.values()}
    for ann in content['annotations']:
        if not ann['iscrowd']:
            out[names[ann['image_id']]].append(ann)
    return out


def test_layout(tools, tiny_coco, tmp_path):
    data = to_yolo(tools, tiny_coco, tmp_path / 'yolo')
    content = yaml.safe_load(data.read_text())
    assert content['kpt_shape'] == [17, 3]
    assert content['flip_idx'] == FLIP
    assert content['names'] == {0: 'person'}
    assert (content['train'], content['val']) == ('images/train', 'images/train')  # YOLO insists on a val
    labels = sorted(p.name for p in (tmp_path / 'yolo/labels/train').iterdir())
    assert labels == ['000001.txt', '000002.txt', '000003.txt', '000007.txt']
    assert (tmp_path / 'yolo/labels/train/000007.txt').read_text() == ''  # a crowd region only
    lines = (tmp_path / 'yolo/labels/train/000003.txt').read_text().splitlines()
    assert len(lines) == 3
    assert {len(line.split()) for line in lines} == {5 + 51}
    for image in (tmp_path / 'yolo/images/train').iterdir():
        assert image.is_symlink()
        assert cv2.imread(str(image)) is not None
        assert tools.yolo_format.label_path(image).is_file()
    assert [p.name for p in tmp_path.iterdir()] == ['yolo']


@pytest.mark.parametrize('decimals', [4, 6, 9])
def test_round_trip_to_the_last_decimal(tools, tiny_coco, tmp_path, decimals):
    data = to_yolo(tools, tiny_coco, tmp_path / 'yolo', '--decimals', str(decimals))
    tools.yolo_pose2coco.main([str(data), str(tmp_path / 'coco'), '--split', 'train'])
    before, after = people(tiny_coco.ann_file), people(tmp_path / 'coco' / 'train.json')
    assert before.keys() == after.keys()
    # Half a unit of the last decimal, of 320 x 240 pixels, and that of this writer (4 decimals).
    unit = 0.5 * 10.0**-decimals * np.array([320, 240]) + 0.5e-4
    for name, persons in before.items():
        assert len(persons) == len(after[name])
        for old, new in zip(persons, after[name], strict=True):
            a, b = (np.array(ann['keypoints']).reshape(17, 3) for ann in (old, new))
            np.testing.assert_array_equal(a[:, 2], b[:, 2])
            assert (np.abs(a - b)[:, :2] <= unit + 1e-9).all()
            assert old['num_keypoints'] == new['num_keypoints']
            # The corner is centre minus half the size: an error of each.
            assert (np.abs(np.subtract(old['bbox'], new['bbox'])) <= np.tile(1.5 * unit, 2) + 1e-9).all()
            assert new['area'] == pytest.approx(0.53 * new['bbox'][2] * new['bbox'][3], abs=0.05)


def test_second_round_trip_changes_nothing(tools, tiny_coco, tmp_path):
    first = to_yolo(tools, tiny_coco, tmp_path / 'yolo')
    tools.yolo_pose2coco.main([str(first), str(tmp_path / 'coco'), '--split', 'train'])
    again = types.SimpleNamespace(
        ann_file=str(tmp_path / 'coco/train.json'), root=tmp_path / 'yolo', img_dir='', num_people=6
    )
    content = json.loads(pathlib.Path(again.ann_file).read_text())
    assert content['images'][0]['file_name'] == 'images/train/000001.png'
    to_yolo(tools, again, tmp_path / 'yolo2')
    for path in (tmp_path / 'yolo/labels/train').iterdir():
        other = tmp_path / 'yolo2/labels/train' / f'images_train_{path.name}'
        assert other.read_text() == path.read_text()


def test_what_comes_back_can_be_trained_on(tools, tiny_coco, tmp_path):
    data = to_yolo(tools, tiny_coco, tmp_path / 'yolo', '--images', 'copy')
    assert not any(p.is_symlink() for p in (tmp_path / 'yolo/images/train').iterdir())
    tools.yolo_pose2coco.main([str(data), str(tmp_path / 'yolo/annotations'), '--split', 'train'])
    settings = dict(data_root=str(tmp_path / 'yolo'), ann_file='annotations/train.json', data_prefix=dict(img=''))
    assert len(CocoDataset(**settings)) == tiny_coco.num_people
    report = check_config(dict(train_dataloader=dict(dataset=dict(settings, type='CocoDataset', pipeline=[]))))
    assert report.findings == []


def test_definition_with_other_keypoints(tools, shared, tmp_path, capsys):
    """LSPET, 14 keypoints: names and pairs come through, and so do 492 people."""
    root = shared / 'data/lspet'
    arguments = [str(tmp_path / 'yolo'), '--definition', 'lspet', '--images', 'none']
    tools.coco2yolo_pose.main([*arguments, '--val', str(root / 'annotations/lspet_val.json'), str(root / 'images')])
    content = yaml.safe_load((tmp_path / 'yolo/data.yaml').read_text())
    assert content['kpt_shape'] == [14, 3]
    assert content['flip_idx'] == [3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8, 12, 13]
    assert content['kpt_names'][0][12] == 'head_top'
    assert 'val: 492 people on 492 images' in capsys.readouterr().out
    assert len(list((tmp_path / 'yolo/labels/val').iterdir())) == 492


def test_what_the_format_cannot_hold_is_said(tools, tiny_coco, tmp_path, capsys):
    content = json.loads(pathlib.Path(tiny_coco.ann_file).read_text())
    content['annotations'][0]['keypoints'][:3] = [-5.0, 10.0, 2]
    content['annotations'][1]['bbox'] = [400.0, 10.0, 20.0, 20.0]
    content['annotations'][2]['bbox'] = [-10.0, 10.0, 40.0, 50.0]
    ann_file = tmp_path / 'a.json'
    ann_file.write_text(json.dumps(content))
    coco = types.SimpleNamespace(ann_file=str(ann_file), root=tiny_coco.root, img_dir=tiny_coco.img_dir)
    to_yolo(tools, coco, tmp_path / 'yolo')
    printed = capsys.readouterr().out
    for what in ('1 keypoints outside the image', '1 boxes without area in the image', '1 crowd regions'):
        assert f'left out: {what}' in printed
    values = np.array((tmp_path / 'yolo/labels/train/000001.txt').read_text().splitlines()[0].split(), float)
    np.testing.assert_array_equal(values[5:8], 0)
    cut = np.array((tmp_path / 'yolo/labels/train/000002.txt').read_text().split(), float)
    np.testing.assert_allclose(cut[1:5] * [320, 240, 320, 240], [15, 35, 30, 50], atol=1e-3)
    for path in (tmp_path / 'yolo/labels/train').iterdir():
        for line in path.read_text().splitlines():
            values = np.array(line.split(), float)
            assert (values[:5] >= 0).all()
            assert (values[:5] <= 1).all()


# ---------------------------------------------------------------------------------- a set that others made


def write_set(root, *, shape=(2, 3), lines=('0 0.5 0.5 0.2 0.4 0.45 0.4 2 0.55 0.6 1',), **entries):
    for split in ('train', 'val'):
        (root / 'images' / split).mkdir(parents=True)
        (root / 'labels' / split).mkdir(parents=True)
        for name, size in (('a.jpg', (100, 50)), ('b.png', (60, 80))):
            cv2.imwrite(str(root / 'images' / split / name), np.zeros((*size[::-1], 3), np.uint8))
        (root / 'labels' / split / 'a.txt').write_text('\n'.join(lines) + '\n')
    content = dict(train='images/train', val='images/val', kpt_shape=list(shape), flip_idx=[1, 0], names=['person'])
    content.update(entries)
    (root / 'data.yaml').write_text(yaml.safe_dump({k: v for k, v in content.items() if v is not None}))
    return str(root / 'data.yaml')


def test_values(tools, tmp_path, capsys):
    data = write_set(tmp_path)
    tools.yolo_pose2coco.main([data, str(tmp_path / 'out')])
    content = json.loads((tmp_path / 'out/val.json').read_text())
    assert [i['file_name'] for i in content['images']] == ['images/val/a.jpg', 'images/val/b.png']
    assert [(i['width'], i['height']) for i in content['images']] == [(100, 50), (60, 80)]
    (ann,) = content['annotations']
    assert ann['bbox'] == [40, 15, 20, 20]
    assert ann['keypoints'] == [45, 20, 2, 55, 30, 1]
    assert ann['area'] == pytest.approx(0.53 * 400)
    assert content['categories'][0]['keypoints'] == ['keypoint_0', 'keypoint_1']
    assert 'passed over: 1 images without a label file' in capsys.readouterr().out


def test_keypoints_without_visibility(tools, tmp_path):
    data = write_set(tmp_path, shape=(2, 2), lines=['0 0.5 0.5 0.2 0.4 0.45 0.4 0 0'])
    tools.yolo_pose2coco.main([data, str(tmp_path / 'out'), '--split', 'train'])
    (ann,) = json.loads((tmp_path / 'out/train.json').read_text())['annotations']
    assert ann['keypoints'] == [45, 20, 2, 0, 0, 0]


def test_other_classes_and_doubled_lines(tools, tmp_path, capsys):
    line = '0 0.5 0.5 0.2 0.4 0.45 0.4 2 0.55 0.6 1'
    data = write_set(tmp_path, lines=[line, line, '1' + line[1:], ''], names={0: 'person', 1: 'dog'})
    tools.yolo_pose2coco.main([data, str(tmp_path / 'out'), '--split', 'train'])
    printed = capsys.readouterr().out
    assert '1 people on 2 images' in printed
    assert '1 objects of class 1 (dog)' in printed
    assert '1 lines that are there twice' in printed


def test_lists_of_images_and_a_path_entry(tools, tmp_path):
    data = write_set(tmp_path / 'set', path='.', train='train.txt', val=['images/val', 'images/train'])
    (tmp_path / 'set' / 'train.txt').write_text('./images/train/a.jpg\n\n')
    tools.yolo_pose2coco.main([data, str(tmp_path / 'out')])
    names = [i['file_name'] for i in json.loads((tmp_path / 'out/train.json').read_text())['images']]
    assert names == ['images/train/a.jpg']
    assert len(json.loads((tmp_path / 'out/val.json').read_text())['images']) == 4


BAD_LINES = {
    '0 0.5 0.5 0.2': r'a\.txt, line 1: 4 values; kpt_shape \[2, 3\] asks for 11',
    '0 0.5 0.5 0.2 0.4 0.45 x 2 0.55 0.6 1': r"line 1: could not convert string to float: 'x'",
    '0 0.5 0.5 0.2 nan 0.45 0.4 2 0.55 0.6 1': 'finite numbers are needed',
    '0.5 0.5 0.5 0.2 0.4 0.45 0.4 2 0.55 0.6 1': 'a class number',
    '0 50 25 20 20 45 20 2 55 30 1': 'not relative',
    '3 0.5 0.5 0.2 0.4 0.45 0.4 2 0.55 0.6 1': r'nobody in train \(2 images; 1 objects of class 3 \(unknown\)',
}


@pytest.mark.parametrize('line', BAD_LINES)
def test_bad_labels(tools, tmp_path, line):
    data = write_set(tmp_path, lines=[line])
    with pytest.raises(AnnotationError, match=BAD_LINES[line]):
        tools.yolo_pose2coco.main([data, str(tmp_path / 'out')])
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize(
    ('entries', 'message'),
    [
        (dict(kpt_shape=None), 'kpt_shape is None'),
        (dict(kpt_shape=[2, 4]), r'kpt_shape is \[2, 4\]'),
        (dict(flip_idx=[0, 0]), 'flip_idx must have each of 0 to 1 once'),
        (dict(kpt_names={0: ['a']}), 'kpt_names has 1 names for 2 keypoints'),
        (dict(train='nowhere'), r'nowhere.* does not exist; data\.yaml names it'),
        (dict(train=None, val=None), 'no train, val or test'),
    ],
)
def test_bad_data_file(tools, tmp_path, entries, message):
    with pytest.raises(AnnotationError, match=message):
        tools.yolo_pose2coco.main([write_set(tmp_path, **entries), str(tmp_path / 'out')])


@pytest.mark.parametrize('content', [b'[1, 2', b'just text', b'\xff\xfe\x00'])
def test_no_data_file(tools, tmp_path, content):
    (tmp_path / 'data.yaml').write_bytes(content)
    with pytest.raises(AnnotationError, match=r'data\.yaml'):
        tools.yolo_pose2coco.main([str(tmp_path / 'data.yaml'), str(tmp_path / 'out')])
    with pytest.raises(AnnotationError, match='does not exist'):
        tools.yolo_pose2coco.main([str(tmp_path / 'other.yaml'), str(tmp_path / 'out')])


def test_unreadable_image_is_named(tools, tmp_path):
    data = write_set(tmp_path)
    (tmp_path / 'images/train/b.png').write_bytes(b'no image')
    with pytest.raises(AnnotationError, match=r'1 of 2 images cannot be read(.|\n)*b\.png'):
        tools.yolo_pose2coco.main([data, str(tmp_path / 'out')])


def test_names_from_a_definition_with_the_same_pairs(tools, tiny_coco, tmp_path):
    data = to_yolo(tools, tiny_coco, tmp_path / 'yolo')
    content = yaml.safe_load(data.read_text())
    del content['kpt_names']
    data.write_text(yaml.safe_dump(content))
    tools.yolo_pose2coco.main([str(data), str(tmp_path / 'out'), '--split', 'train'])
    names = json.loads((tmp_path / 'out/train.json').read_text())['categories'][0]['keypoints']
    assert (names[0], names[16]) == ('nose', 'right_ankle')


# ---------------------------------------------------------------------------------- to YOLO, bad input


def damaged(tiny_coco, tmp_path, change):
    content = json.loads(pathlib.Path(tiny_coco.ann_file).read_text())
    change(content)
    path = tmp_path / 'damaged.json'
    path.write_text(json.dumps(content))
    return types.SimpleNamespace(ann_file=str(path), root=tiny_coco.root, img_dir=tiny_coco.img_dir)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda c: c['annotations'][0].update(image_id=55), 'annotation 10 points to image_id 55'),
        (lambda c: c['annotations'][0]['keypoints'].pop(), 'annotation 10 has 50 numbers in keypoints'),
        (lambda c: c['annotations'][0].pop('bbox'), "no 'bbox'"),
        (lambda c: c['annotations'][0].update(bbox=[1, 2, None, 4]), 'annotation 10: bbox'),
        (lambda c: c['images'][0].update(file_name='gone.png'), r'gone\.png.* does not exist'),
        (lambda c: c['images'][0].update(file_name='000002.png'), "two images are called '000002'"),
    ],
)
def test_damaged_annotations(tools, tiny_coco, tmp_path, change, message):
    with pytest.raises(AnnotationError, match=message):
        to_yolo(tools, damaged(tiny_coco, tmp_path, change), tmp_path / 'yolo', '--images', 'link')
    assert [p.name for p in tmp_path.iterdir()] == ['damaged.json']


def test_a_folder_that_is_there_is_kept(tools, tiny_coco, tmp_path):
    to_yolo(tools, tiny_coco, tmp_path / 'yolo')
    with pytest.raises(AnnotationError, match='exists already'):
        to_yolo(tools, tiny_coco, tmp_path / 'yolo')
    shutil.rmtree(tmp_path / 'yolo/labels')
    to_yolo(tools, tiny_coco, tmp_path / 'yolo', '--force')
    assert (tmp_path / 'yolo/labels/train/000001.txt').is_file()
    assert [p.name for p in tmp_path.iterdir()] == ['yolo']


def test_inputs_in_the_folder_are_not_replaced(tools, tiny_coco, tmp_path):
    coco = damaged(tiny_coco, tmp_path, lambda content: None)
    (tmp_path / 'data.yaml').write_text('{}')
    with pytest.raises(AnnotationError, match=r'damaged\.json. lies in .*which would be replaced'):
        to_yolo(tools, coco, tmp_path, '--force')
    assert sorted(p.name for p in tmp_path.iterdir()) == ['damaged.json', 'data.yaml']


def test_objects_without_keypoints_are_left_out(tools, tiny_coco, tmp_path, capsys):
    def change(content):
        content['annotations'][0]['keypoints'] = None
        content['annotations'][1]['keypoints'] = []
        content['annotations'][2]['iscrowd'] = '0'

    to_yolo(tools, damaged(tiny_coco, tmp_path, change), tmp_path / 'yolo')
    printed = capsys.readouterr().out
    assert 'train: 4 people' in printed
    assert 'left out: 2 annotations without keypoints' in printed


def test_force_removes_nothing_but_its_own(tools, tiny_coco, tmp_path):
    (tmp_path / 'thesis').mkdir()
    (tmp_path / 'thesis' / 'chapter1.tex').write_text('precious')
    with pytest.raises(AnnotationError, match=r'has no data\.yaml'):
        to_yolo(tools, tiny_coco, tmp_path / 'thesis', '--force')
    assert (tmp_path / 'thesis' / 'chapter1.tex').read_text() == 'precious'
